"""``POST /v1/pictures``: send a picture once, and ask with its handle."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from placelens.server.answers import KeptPicture
from placelens.server.decoding import DecodersOf

router = APIRouter(tags=["search"])

_BODY = {"requestBody": {"required": True, "content": {"image/*": {}}}}


@router.post("/pictures", response_model=KeptPicture, openapi_extra=_BODY)
async def keep_picture(request: Request, decoders: DecodersOf) -> KeptPicture:
    """Keep the picture in the body, a JPEG, PNG, HEIC, ... file, in memory for a while.

    A search takes its `handle` in place of the bytes. One that cannot be read is refused here. It
    goes when others need its room, or with the server; a search then answers 410.
    """
    content = await request.body()
    if not content:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, "the body is empty; send the bytes of an image file"
        )
    return KeptPicture(handle=await run_in_threadpool(decoders.keep, content))
