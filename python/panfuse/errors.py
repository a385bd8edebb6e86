"""The package's own exceptions."""

__all__ = ["CudaError", "FormatError"]


class FormatError(ValueError):
    """A file that is not what it claims to be; names the file, and the image and segment."""


class CudaError(RuntimeError):
    """A CUDA call that failed; names the error code, the call, and where in panfuse it stands."""
