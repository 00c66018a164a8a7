"""Signing in by a bureau's own OpenID Connect provider: code flow with PKCE, state and nonce, by Authlib.

OpenID Connect Core 1.0, section 3.1; RFC 7636. Nothing is kept here between the two steps: what must be remembered is
encrypted in a cookie of ten minutes.
"""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from deployments.door.guard import cookie_name, refuse_page, safe_back, source_of
from deployments.door.sign_in import SignInPages
from disclosure.access import sessions
from disclosure.access.openid import identify_by_claims
from disclosure.access.tokens import new_token
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation
from disclosure.review.refusals import Refusal

_SECONDS = 10
_FLOW_SECONDS = 600
#: What signs tokens without a secret that both sides have.
_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
_SCOPE = "openid profile"

_log = logging.getLogger("disclosure.door")


class ProviderError(DisclosureError):
    """The provider cannot be reached, or what it says does not hold."""


def make_openid_routes(installation: Installation) -> list[BaseRoute]:
    """Return the routes of the flow."""
    pages = OpenIdPages(installation)
    return [
        Route("/openid/start", pages.start, methods=["GET"]),
        Route("/openid/callback", pages.come_back, methods=["GET"]),
    ]


class OpenIdPages:
    """Both steps of the flow, for one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._settings = installation.settings
        self._sign_in = SignInPages(installation)

    def start(self, request: Request) -> Response:
        """Send the browser to the provider."""
        state, nonce, verifier = new_token(), new_token(), new_token()
        try:
            with self._client() as client:
                where = self._discover(client)["authorization_endpoint"]
                address, _ = client.create_authorization_url(where, state=state, nonce=nonce, code_verifier=verifier)
        except (ProviderError, KeyError) as error:
            return self._failed(error)
        back = safe_back(request.query_params.get("back", "/"))
        flow = {"state": state, "nonce": nonce, "verifier": verifier, "back": back, "at": utc_now().timestamp()}
        answer = RedirectResponse(address, HTTPStatus.SEE_OTHER)
        answer.set_cookie(
            cookie_name(self._settings, "openid"),
            self._installation.cipher.encrypt(json.dumps(flow)),
            max_age=_FLOW_SECONDS,
            secure=self._settings.is_encrypted,
            httponly=True,
            # The provider sends the browser back from another site, which a strict cookie would not survive.
            samesite="lax",
        )
        return answer

    def come_back(self, request: Request) -> Response:
        """Let in whom the provider names."""
        flow = self._flow(request)
        if flow is None or request.query_params.get("state") != flow["state"]:
            return refuse_page(
                HTTPStatus.FORBIDDEN, "没有登录", "这次统一登录已经过期，或不是从这里开始的。请再登录一次。"
            )
        code = request.query_params.get("code", "")
        if not code:
            return refuse_page(HTTPStatus.FORBIDDEN, "没有登录", "统一登录没有放行，请再试一次，或用密码登录。")
        try:
            claims = self._claims(code, flow)
        except (ProviderError, KeyError) as error:
            return self._failed(error)
        with self._installation.begin() as work:
            person = identify_by_claims(work, claims, self._settings.openid_claim)
            token = "" if isinstance(person, Refusal) else sessions.open_session(work, person, source_of(request))
        if isinstance(person, Refusal):
            return refuse_page(HTTPStatus.FORBIDDEN, "没有登录", person.sentence)
        answer = self._sign_in.let_in(request, person, token, flow["back"])
        answer.delete_cookie(cookie_name(self._settings, "openid"), secure=self._settings.is_encrypted, httponly=True)
        return answer

    def _client(self) -> OAuth2Session:
        secret = self._settings.openid_client_secret
        client = OAuth2Session(
            self._settings.openid_client_id,
            secret.get_secret_value() if secret else None,
            scope=_SCOPE,
            redirect_uri=f"{self._settings.server_url}/openid/callback",
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
        )
        # A proxy set for the desktop must not stand between us and the bureau's own provider.
        client.trust_env = False
        return client

    def _discover(self, client: OAuth2Session) -> dict[str, Any]:
        issuer = self._settings.openid_issuer.rstrip("/")
        found = _read(client, f"{issuer}/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != issuer:
            raise ProviderError(f"统一登录自称 {found.get('issuer')}，不是设置的 {issuer}")
        return found

    def _claims(self, code: str, flow: dict[str, Any]) -> dict[str, Any]:
        """Exchange the code, and return what the ID token says once signature, issuer, audience and nonce hold."""
        with self._client() as client:
            provider = self._discover(client)
            try:
                token = client.fetch_token(
                    provider["token_endpoint"], code=code, code_verifier=flow["verifier"], timeout=_SECONDS
                )
                keys = KeySet.import_key_set(_read(client, provider["jwks_uri"]))  # type: ignore[arg-type]
                decoded = jwt.decode(token["id_token"], keys, algorithms=list(_ALGORITHMS))
                options: dict[str, Any] = {
                    "iss": {"essential": True, "value": provider["issuer"]},
                    "aud": {"essential": True, "value": self._settings.openid_client_id},
                }
                params = {"nonce": flow["nonce"], "client_id": self._settings.openid_client_id}
                claims = CodeIDToken(decoded.claims, decoded.header, options, params)
                claims.validate(leeway=60)
            except (AuthlibBaseError, JoseError, requests.RequestException, ValueError) as error:
                raise ProviderError(f"统一登录的答复不能相信：{error}") from error
            if self._settings.openid_claim in claims or "userinfo_endpoint" not in provider:
                return dict(claims)
            told = _read(client, provider["userinfo_endpoint"])
            if told.get("sub") != claims["sub"]:
                raise ProviderError("统一登录前后说的不是同一个人")
            return {**told, **claims}

    def _flow(self, request: Request) -> dict[str, Any] | None:
        """Return what was begun in this browser not long ago."""
        kept = request.cookies.get(cookie_name(self._settings, "openid"), "")
        try:
            flow: dict[str, Any] = json.loads(self._installation.cipher.decrypt(kept))
        except (DisclosureError, ValueError):
            return None
        is_fresh = utc_now().timestamp() - flow["at"] < _FLOW_SECONDS
        return flow if is_fresh else None

    def _failed(self, error: Exception) -> Response:
        _log.warning("统一登录没有成：%s", error, extra={"event": "openid.failed"})
        return refuse_page(HTTPStatus.BAD_GATEWAY, "没有登录", "统一登录现在用不了，请稍后再试，或用密码登录。")


def _read(client: OAuth2Session, address: str) -> dict[str, Any]:
    """Read a JSON object of the provider's."""
    is_open = address.endswith("/openid-configuration") or not client.token
    try:
        answer = client.get(address, timeout=_SECONDS, withhold_token=is_open)
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, AuthlibBaseError, ValueError) as error:
        raise ProviderError(f"读不了 {address}：{error}") from error
    if not isinstance(found, dict):
        raise ProviderError(f"{address} 不是 JSON 对象")
    return found
