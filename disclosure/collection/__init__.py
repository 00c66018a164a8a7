"""Collection: the workbooks that go out to the centres and what comes back in them."""

from disclosure.collection.workbook_reader import read_workbook
from disclosure.collection.workbook_reading import Cover, Explanation, Problem, WorkbookReading
from disclosure.collection.workbook_writer import write_workbook

__all__ = ["Cover", "Explanation", "Problem", "WorkbookReading", "read_workbook", "write_workbook"]
