# SPDX-License-Identifier: Apache-2.0
"""The rows of a run, each a measured value beside what it is compared with: printed as a table, written as JSON."""

import json

COLUMNS = ("measure", "subject", "value", "p50 ms", "p99 ms", "CPU s/1000", "ratio")


class Table:
    def __init__(self):
        self.rows = []

    def add(self, measure, subject, value, unit, result=None, cpu=None, ratio=None, of=None):
        """One row. `ratio` is the value's, to what `of` names; `result` is what a load run printed."""
        result = result or {}
        self.rows.append({
            "measure": measure, "subject": subject, "value": value, "unit": unit, "p50": result.get("p50"),
            "p99": result.get("p99"), "cpu": cpu, "ratio": ratio, "of": of})

    def write(self, file, machine):
        with open(file, "w", encoding="utf-8") as output:
            json.dump({"machine": machine, "rows": self.rows}, output, indent=2)
            output.write("\n")

    def text(self):
        """The table in Markdown, which reads well on a terminal too."""
        lines = [COLUMNS] + [self._cells(row) for row in self.rows]
        widths = [max(len(line[index]) for line in lines) for index in range(len(COLUMNS))]
        right = {2, 3, 4, 5}

        def line(cells):
            padded = [cell.rjust(width) if index in right else cell.ljust(width)
                      for index, (cell, width) in enumerate(zip(cells, widths))]
            return "| " + " | ".join(padded) + " |"

        rule = "|" + "|".join("-" * (width + 1) + (":" if index in right else "-")
                              for index, width in enumerate(widths)) + "|"
        return "\n".join([line(COLUMNS), rule] + [line(cells) for cells in lines[1:]])

    @staticmethod
    def _cells(row):
        def number(value, digits):
            return "" if value is None else f"{value:,.{digits}f}"

        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f} of {row['of']}"
        return (row["measure"], row["subject"], f"{number(row['value'], 0)} {row['unit']}", number(row["p50"], 1),
                number(row["p99"], 1), number(row["cpu"], 3), ratio)
