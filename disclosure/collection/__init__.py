"""Collection: the workbooks that go out to the centres and what comes back in them."""

from disclosure.collection.workbook.read.reader import read_workbook
from disclosure.collection.workbook.read.result import Cover, Explanation, Problem, WorkbookReading
from disclosure.collection.workbook.write.writer import WorkbookContents, write_workbook

__all__ = ["Cover", "Explanation", "Problem", "WorkbookContents", "WorkbookReading", "read_workbook", "write_workbook"]
