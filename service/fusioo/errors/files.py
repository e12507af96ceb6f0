"""What can be wrong with files."""

from service.errors import Disposition
from service.fusioo.errors.base import FusiooError


class NoSuchFileError(FusiooError, LookupError):
    """A temporary file is gone after 2 days."""

    disposition = Disposition.DISCARD
    code = 30250
    meaning = "no such file"


class FileAccessDeniedError(FusiooError):
    disposition = Disposition.DISCARD
    code = 30256
    meaning = "the token may not use the field that holds the file"
    remedy = "give its user access to the field in Fusioo"


class FileRefusedError(FusiooError):
    """A file to be created is not accepted."""

    disposition = Disposition.DISCARD


class FileTypeInvalidError(FileRefusedError):
    code = 30251
    meaning = "files of this type are not accepted"


class FileTooLargeError(FileRefusedError):
    code = 30252
    meaning = "the file is larger than is allowed"


class StorageFullError(FileRefusedError):
    code = 30253
    meaning = "the company's storage is full"
    remedy = "delete files in Fusioo, or get more storage"


class MultipleFilesError(FileRefusedError):
    code = 30254
    meaning = "more than one file was sent"
