"""Takes documents from a request: a form with files, a body that is the file itself, or the address of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from genesis_rag.errors import UnreadableDocumentError, UserError
from genesis_rag.server.requests import MAX_URL_BYTES, AddressRequest
from genesis_rag.server.uploads import Incoming, UploadFolder, safe_name

MAX_FILES = 64
_BLOCK = 2**20


async def receive(
    request: Request,
    name: str | None,
    folder: UploadFolder,
    check: Callable[[Path], None],
    fetch: Callable[[UploadFolder, str], Incoming],
) -> list[Incoming]:
    """Return the files of a request, put to disk and checked, but not yet under their names.

    Args:
        request: whose body is read.
        name: of a body that is the file itself.
        folder: where they are received.
        check: raises UnreadableDocumentError for a file that cannot be indexed.
        fetch: receives the document at an address.

    Raises:
        UserError: there is no file, or it has no usable name, or its address may not be asked.
        UnreadableDocumentError: one of the files is of no supported format; none is taken then.
    """
    files: list[Incoming] = []
    kind = request.headers.get("content-type", "").lower()
    try:
        if kind.startswith("multipart/form-data"):
            await _form(request, folder, files)
        elif kind.startswith("application/json") and not name:
            url = await _address(request)
            files.append(await run_in_threadpool(fetch, folder, url))
        elif name:
            incoming = await run_in_threadpool(folder.receive, safe_name(name))
            files.append(incoming)
            async for part in request.stream():
                incoming.write(part)
        else:
            raise UserError(
                "There is no file.",
                'Send a form with `file`, the file itself to /api/documents?name=NAME, or {"url": …} as JSON.',
            )
        for incoming in files:
            await run_in_threadpool(incoming.received)
            await run_in_threadpool(_check, incoming, check)
    except BaseException:
        for incoming in files:
            incoming.close()
        raise
    return files


async def _address(request: Request) -> str:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_URL_BYTES:
            raise UserError("The address is too long.", 'Send {"url": "https://…"}.')
    try:
        return AddressRequest.model_validate_json(body).url
    except ValidationError:
        raise UserError("The JSON names no address.", 'Send {"url": "https://…"}.') from None


async def _form(request: Request, folder: UploadFolder, files: list[Incoming]) -> None:
    async with request.form(max_files=MAX_FILES, max_fields=MAX_FILES) as form:
        for value in form.getlist("file"):
            if not isinstance(value, UploadFile) or not value.filename:
                continue
            incoming = await run_in_threadpool(folder.receive, safe_name(value.filename))
            files.append(incoming)
            while part := await value.read(_BLOCK):
                incoming.write(part)
    names = [incoming.name for incoming in files]
    if not names:
        raise UserError("The form holds no file.", "Name the field `file`.")
    if len(set(names)) < len(names):
        raise UserError("Two files of the form have one name.", "Send them one after the other.")


def _check(incoming: Incoming, check: Callable[[Path], None]) -> None:
    try:
        check(incoming.path)
    except UnreadableDocumentError as error:
        raise UnreadableDocumentError(f"{incoming.name}: {error.message}", error.hint) from None
