// SPDX-License-Identifier: Apache-2.0
// Which messages a simulated SMSC takes, and when it answers.

internal import NIOCore
internal import SMPP

extension SMSCCore {
    mutating func submit(_ submittal: Submittal, request: Request, now: Instant) {
        counters.submitted += 1
        if let status = submittal.refusal { return refuse(request, status, now: now) }
        guard rate.take(now: now.deadline) else { return throttle(request, now: now) }
        let outcome = configuration.outcomeRule(submittal.destination.value)
        if let status = outcome.refusal { return refuse(request, status, now: now) }
        if failsOnPurpose(submittal, outcome, request, now: now) || failsByChance(request, now: now) { return }
        guard !isFull else { return refuse(request, .messageQueueFull, now: now) }
        accept(submittal, outcome, request, now: now)
    }

    /// Each destination has its own outcome and receipt under the one id of the response; the outcomes that count failures
    /// count none here.
    mutating func submitMulti(_ body: SubmitMulti, account: String, request: Request, now: Instant) {
        var answer = Answer(messageID: ids.text(for: ids.nextNumber, now: now.wall))
        var isAccepted = false
        for destination in body.destinations {
            counters.submitted += 1
            switch destination {
            case .distributionList(let name):
                counters.refused += 1
                answer.unsuccessful.append(
                    UnsuccessfulDestination(address: Address(value: name), status: .invalidDistributionListName))
            case .address(let address):
                let submittal = Submittal(body, destination: address, account: account)
                let outcome = configuration.outcomeRule(address.value)
                if let status = submittal.refusal ?? outcome.refusal ?? (isFull ? .messageQueueFull : nil) {
                    counters.refused += 1
                    answer.unsuccessful.append(UnsuccessfulDestination(address: address, status: status))
                } else {
                    isAccepted = true
                    let message = stored(submittal, outcome, id: answer.messageID, now: now)
                    schedule(message, submittal, answeredAt: now.deadline, now: now)
                }
            }
        }
        if !isAccepted {
            answer.messageID = ""
            answer.status = .submitFailed
        }
        actions.append(.respond(request, answer))
        advance(now: now)
    }

    // MARK: Failing

    /// Counts for each message by destination and octets, header included, so that each part counts for itself.
    private mutating func failsOnPurpose(
        _ submittal: Submittal, _ outcome: SMSCSimulator.Outcome, _ request: Request, now: Instant
    ) -> Bool {
        guard outcome.throttles + outcome.drops > 0 else { return false }
        var hasher = Hasher()
        hasher.combine(submittal.destination.value)
        hasher.combine(submittal.content)
        let fingerprint = hasher.finalize()
        let failures = faultMemory.failures(of: fingerprint, now: now.deadline)
        guard failures < outcome.throttles + outcome.drops else {
            faultMemory.forget(fingerprint)
            return false
        }
        faultMemory.failed(fingerprint, now: now.deadline)
        if failures < outcome.throttles { throttle(request, now: now) } else { drop(request) }
        return true
    }

    private mutating func failsByChance(_ request: Request, now: Instant) -> Bool {
        if chance.happens(configuration.faults.dropsLink) {
            drop(request)
            return true
        }
        if chance.happens(configuration.faults.refuses) {
            refuse(request, .systemError, now: now)
            return true
        }
        return false
    }

    private mutating func refuse(_ request: Request, _ status: CommandStatus, now: Instant) {
        counters.refused += 1
        respond(request, Answer(status: status), now: now)
    }

    private mutating func throttle(_ request: Request, now: Instant) {
        counters.throttled += 1
        respond(request, Answer(status: .throttled), now: now)
    }

    private mutating func drop(_ request: Request) {
        counters.linksDropped += 1
        actions.append(.drop(request))
    }

    // MARK: Accepting

    private mutating func accept(
        _ submittal: Submittal, _ outcome: SMSCSimulator.Outcome, _ request: Request, now: Instant
    ) {
        let id = ids.text(for: ids.nextNumber, now: now.wall)
        let message = stored(submittal, outcome, id: id, now: now)
        let answer = Answer(messageID: id)
        let canOvertake = message.wantsReceipt && (accounts[message.account]?.receivers ?? 0) > 0
        if outcome.isReceiptFirst, canOvertake {
            actions.append(.journal(.accepted(message, due: now.wall)))
            overtaken[message.key] = (request, answer)
            timeline.add(.stopWaiting(key: message.key), due: now.deadline + .seconds(1))
            return finish(message.key, now: now)
        }
        let isIgnored = chance.happens(configuration.faults.keepsSilent)
        // The record goes before the answer that promises the receipt.
        let answeredAt = now.deadline + latency()
        schedule(message, submittal, answeredAt: answeredAt, now: now)
        if isIgnored {
            counters.unanswered += 1
            actions.append(.ignore(request))
        } else if answeredAt <= now.deadline {
            actions.append(.respond(request, answer))
        } else {
            timeline.add(.respond(request, answer), due: answeredAt)
        }
        advance(now: now)
    }

    private mutating func stored(
        _ submittal: Submittal, _ outcome: SMSCSimulator.Outcome, id: String, now: Instant
    ) -> StoredMessage {
        counters.accepted += 1
        let message = StoredMessage(
            key: ids.takeNumber(), id: id, account: submittal.account, source: submittal.source,
            destination: submittal.destination, content: submittal.content,
            registeredDelivery: submittal.registeredDelivery, acceptedAt: now.wall, final: outcome.final)
        store(message)
        return message
    }

    /// When the message becomes final.
    private mutating func schedule(
        _ message: StoredMessage, _ submittal: Submittal, answeredAt: NIODeadline, now: Instant
    ) {
        guard message.final != nil else { return retire(message.key) }
        var due = answeredAt + TimeAmount(configuration.receiptDelay)
        if chance.happens(configuration.faults.delaysReceipt) {
            due = due + TimeAmount(configuration.faults.receiptLateness)
        }
        if let time = SMPPTime(submittal.scheduleDeliveryTime) {
            due = due + .milliseconds(max(0, time.unixMilliseconds(now: now.wall) - now.wall))
        }
        if message.wantsReceipt {
            let wallDue = now.wall + (due - now.deadline).nanoseconds / 1_000_000
            actions.append(.journal(.accepted(message, due: wallDue)))
        }
        timeline.add(.finish(key: message.key), due: due)
    }

    private mutating func latency() -> TimeAmount {
        TimeAmount(configuration.responseLatency) + chance.share(of: TimeAmount(configuration.responseJitter))
    }

    /// Refusals take as long as acceptances.
    private mutating func respond(_ request: Request, _ answer: Answer, now: Instant) {
        let due = now.deadline + latency()
        if due <= now.deadline {
            actions.append(.respond(request, answer))
        } else {
            timeline.add(.respond(request, answer), due: due)
        }
    }
}
