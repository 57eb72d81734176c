"""Judges model files before they are served: by their content, never by their names, and without loading any of it.

What is read is never run: pickles are followed opcode by opcode, archives member by member, compressed streams up to a
bound. A name that a file would import has to be on its server's list, or be trusted by the definition.
"""

from __future__ import annotations
