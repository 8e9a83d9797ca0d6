"""Array-only functions on the hot path; they know nothing of the library's classes."""
