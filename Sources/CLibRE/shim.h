// SPDX-License-Identifier: Apache-2.0
// Where the linker finds libre, the C library for SIP, SDP and RTP, and librem, its companion for audio. Their headers
// are for CSIP alone, which includes them itself.
