"""Every error this package raises on purpose.

::

    AssistantError
     ├─ SettingsError        a setting is wrong
     ├─ QuestionError        a question cannot be taken
     │   ├─ QuestionEmpty    nothing to read in it
     │   └─ QuestionTooLong  more characters than are taken (carries both numbers)
     ├─ KnowledgeError       a knowledge file is wrong (carries path and line)
     ├─ PromptError          a prompt file is wrong
     ├─ StorageError         a folder cannot be written, a disk is full
     ├─ IndexProblem
     │   ├─ IndexMissing     nothing was built yet
     │   ├─ IndexStale       built from other knowledge, embedder or chunker
     │   ├─ IndexCorrupt     files are damaged or half built
     │   └─ IndexBusy        another process is building
     └─ BackendError
         ├─ BackendUnavailable
         ├─ BackendTimeout
         └─ BackendRejected

Each message says what is wrong, which value, and the next command to type. Shells catch
``AssistantError`` and print the message; nothing else is expected to reach a user.
"""

from __future__ import annotations


class AssistantError(Exception):
    """Base of all errors raised on purpose; ``str()`` is one line fit for a user."""

    def __init__(self, message: str = "") -> None:
        """Take the message; line breaks, as YAML's errors have them, become spaces."""
        super().__init__(" ".join(line.strip() for line in message.splitlines() if line.strip()))


class SettingsError(AssistantError):
    """A setting has a value that cannot be used."""


class QuestionError(AssistantError):
    """A question cannot be taken."""


class QuestionEmpty(QuestionError):
    """A question has nothing to read in it."""

    def __init__(self) -> None:
        """Build the one-line message."""
        super().__init__("there is no question in it; type one, such as: what does AI cost?")


class QuestionTooLong(QuestionError):
    """A question has more characters than are taken.

    Attributes:
        chars: how many it has.
        most: how many are taken.
    """

    def __init__(self, chars: int, most: int) -> None:
        """Build the one-line message."""
        super().__init__(f"the question has {chars:,} characters; shorten it to {most:,}")
        self.chars = chars
        self.most = most


class KnowledgeError(AssistantError):
    """A knowledge file is wrong.

    Attributes:
        path: the file, as given.
        line: line from 1, or None when the whole file is meant.
    """

    def __init__(self, path: str, line: int | None, problem: str) -> None:
        """Build the one-line message ``path:line: problem``."""
        super().__init__(f"{path}:{line}: {problem}" if line else f"{path}: {problem}")
        self.path = path
        self.line = line


class PromptError(AssistantError):
    """A prompt file is missing, or its variables differ from those declared."""


class StorageError(AssistantError):
    """A file or folder cannot be read or written."""


class IndexProblem(AssistantError):
    """The index cannot be used."""


class IndexMissing(IndexProblem):
    """No index generation was built yet."""


class IndexStale(IndexProblem):
    """The current generation was built from something else than what is configured."""


class IndexCorrupt(IndexProblem):
    """The current generation's files are damaged or incomplete."""


class IndexBusy(IndexProblem):
    """Another process is building the index."""


class BackendError(AssistantError):
    """A language model or embedding backend failed.

    Attributes:
        wait: seconds after which the server asks to be called again, None when it does not say.
        of_question: whether this one question is at fault, and the backend well.
        sent: whether text may have been sent before it failed.
    """

    def __init__(
        self,
        message: str = "",
        *,
        wait: float | None = None,
        of_question: bool = False,
        sent: bool = True,
    ) -> None:
        """Take the message, what it means for the next call, and for privacy."""
        super().__init__(message)
        self.wait = wait
        self.of_question = of_question
        self.sent = sent


class BackendUnavailable(BackendError):
    """The backend cannot be reached."""


class BackendTimeout(BackendError):
    """The backend took too long."""


class BackendRejected(BackendError):
    """The backend refused: bad key, unknown model, no credit, content filter."""
