"""Fusioo's things as typed values that keep what they don't know."""

from service.fusioo.models.app import App, AppField
from service.fusioo.models.discussion import Comment, Discussion
from service.fusioo.models.file import CreatedFile, FileInfo
from service.fusioo.models.record import Record
from service.fusioo.models.user import User
from service.fusioo.models.webhook import Webhook

__all__ = ["App", "AppField", "Comment", "CreatedFile", "Discussion", "FileInfo", "Record", "User", "Webhook"]
