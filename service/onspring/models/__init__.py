"""Onspring's things as typed values that keep what they don't know."""

from service.onspring.models.app import App
from service.onspring.models.field import (
    AnyField,
    AppField,
    FormulaField,
    ListField,
    ListValue,
    ReferenceField,
)
from service.onspring.models.file import CreatedFile, FileInfo
from service.onspring.models.page import Batch, Page
from service.onspring.models.record import DataFormat, Record, SavedListValue, SavedRecord
from service.onspring.models.report import DataType, Report, ReportData, ReportRow
from service.onspring.models.value import (
    Attachment,
    AttachmentListValue,
    DateValue,
    DecimalValue,
    FieldValue,
    FileListValue,
    GuidListValue,
    GuidValue,
    IntegerListValue,
    IntegerValue,
    OtherValue,
    ScoringGroup,
    ScoringGroupListValue,
    StringListValue,
    StringValue,
    TimeSpan,
    TimeSpanValue,
)

__all__ = [
    "AnyField",
    "App",
    "AppField",
    "Attachment",
    "AttachmentListValue",
    "Batch",
    "CreatedFile",
    "DataFormat",
    "DataType",
    "DateValue",
    "DecimalValue",
    "FieldValue",
    "FileInfo",
    "FileListValue",
    "FormulaField",
    "GuidListValue",
    "GuidValue",
    "IntegerListValue",
    "IntegerValue",
    "ListField",
    "ListValue",
    "OtherValue",
    "Page",
    "Record",
    "ReferenceField",
    "Report",
    "ReportData",
    "ReportRow",
    "SavedListValue",
    "SavedRecord",
    "ScoringGroup",
    "ScoringGroupListValue",
    "StringListValue",
    "StringValue",
    "TimeSpan",
    "TimeSpanValue",
]
