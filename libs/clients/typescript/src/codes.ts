// Made by `make clients`; do not edit.

/** The codes of problems. A newer server may have more. */
export type ProblemCode =
  /** The account is deleted or being deleted, and can no longer be changed. */
  | "account-being-deleted"
  /** No account has this id. */
  | "account-not-found"
  /** An address to which this site's mail server cannot send (RFC 6531). */
  | "address-needs-smtputf8"
  /** Publishing is one-way. */
  | "already-published"
  /** The picture is animated. */
  | "animated-picture"
  /** This site has no API keys without an expiry. */
  | "api-key-must-expire"
  /** The caller has an API key of this name. A repeated request gets this, since keys are shown only once. */
  | "api-key-name-taken"
  /** The caller has no such API key, or it is revoked. */
  | "api-key-not-found"
  /** The cursor was not issued for this list. */
  | "bad-cursor"
  /** The key is not 1 to 255 visible ASCII characters. */
  | "bad-idempotency-key"
  /** The list of ids is malformed. */
  | "bad-ids"
  /** A rule refuses the request. The caller sees the message, so it must hold no secrets. */
  | "bad-request"
  /** The link for an upload has expired, or was changed. */
  | "bad-upload-link"
  /** The list of usernames is malformed. */
  | "bad-usernames"
  /** The post's author has blocked the caller, who wants to comment on it or like it. */
  | "blocked"
  /** This person has blocked the caller. */
  | "blocked-by-them"
  /** The caller has blocked this person, and must end that first. */
  | "blocked-by-you"
  /** The JSON is nested too deeply. */
  | "body-too-deep"
  /** The body, or a list in it, is too long. */
  | "body-too-large"
  /** People cannot block themselves. */
  | "cannot-block-yourself"
  /** People cannot follow themselves. */
  | "cannot-follow-yourself"
  /** Somebody has decided this case already. */
  | "case-decided"
  /** There is no such case. It goes when its post or comment is deleted or removed. */
  | "case-not-found"
  /** The challenge is unknown, used, expired, tried too often, or void. The answer does not tell which. */
  | "challenge-not-valid"
  /** The code is wrong, used or expired, or was asked for in another browser. The answer never tells which. */
  | "code-not-valid"
  /** There is no such comment under this post. */
  | "comment-not-found"
  /** There was no connection to the database, or it cancelled the work. */
  | "database-unavailable"
  /** The caller has no such trusted device. */
  | "device-not-found"
  /** A JSON object has a duplicate name. */
  | "duplicate-names"
  /** The caller's address is verified already. */
  | "email-already-verified"
  /** Another account has this address. */
  | "email-taken"
  /** No such event is parked: it was replayed, dropped, or replaced by a newer one. */
  | "event-not-parked"
  /** An anonymous caller follows nobody. */
  | "feed-needs-sign-in"
  /** A page of a feed may begin after 1,000 posts at most: as many are read of each followee. */
  | "feed-offset-too-large"
  /** The headers are too many or too long. */
  | "headers-too-large"
  /** The key was used with another body. */
  | "idempotency-key-reused"
  /** The caller's account is not linked with this provider. */
  | "identity-not-found"
  /** The request must have one of `ids`, `usernames` and `q`. */
  | "ids-or-query"
  /** The API key lacks the scope that this needs; `WWW-Authenticate` names it (RFC 6750, section 3.1). */
  | "insufficient-scope"
  /** The caller must first prove who they are again, or more strongly: step up (RFC 9470). */
  | "insufficient-user-authentication"
  /** An unexpected error on our side; `instance` names the request. */
  | "internal-error"
  /** An unknown service, or the wrong secret. */
  | "invalid-client"
  /** Wrong password or spent refresh token. The answer never tells which reason it was (S-06). */
  | "invalid-grant"
  /** A parameter is missing or malformed (RFC 6749, section 5.2). */
  | "invalid-request"
  /** The requested scope exceeds the available one. */
  | "invalid-scope"
  /** The API key is unknown, revoked or expired, or its account may not sign in (RFC 8693, section 2.2.2). */
  | "invalid-subject-token"
  /** No service has this audience or resource (RFC 8693, section 2.2.2). */
  | "invalid-target"
  /** The token is not ours, not for this service, or no longer valid. The reason is not revealed. */
  | "invalid-token"
  /** No key set is known yet, so tokens cannot be checked, and none is accepted. */
  | "keys-unavailable"
  /** Without this account nobody could manage the others. */
  | "last-admin"
  /** The account has no password, and nothing else would be left to sign in with. */
  | "last-way-in"
  /** Lists of the posts that somebody likes are theirs, unless CONDUIT is on. */
  | "likes-are-private"
  /** The token of a mailed link is unknown, used, replaced or expired. The answer does not tell which. */
  | "link-not-valid"
  /** This site does not send codes for signing in (MAIL_CODES). */
  | "mail-codes-off"
  /** The body cannot be parsed as its media type. */
  | "malformed-body"
  /** No route has this path. */
  | "no-such-route"
  /** The file is no JPEG, PNG or WebP, or it is damaged. */
  | "not-a-picture"
  /** The caller is no longer an admin. */
  | "not-an-admin"
  /** The token is valid, but its kind of caller may not do this. */
  | "not-for-this-caller"
  /** Only the author may do this. */
  | "not-the-author"
  /** The token was issued for another client. */
  | "not-this-client"
  /** No authenticator waits for its first code, or it has waited too long. */
  | "nothing-to-confirm"
  /** The service is overloaded and has not started the request. Try again after `Retry-After`. */
  | "overloaded"
  /** Admins do not delete their own account here: they do it in their settings. */
  | "own-account"
  /** People do not report what they wrote themselves, and moderators do not decide about it. */
  | "own-content"
  /** Admins cannot reset their own second factor. */
  | "own-second-factor"
  /** The caller has no such passkey. */
  | "passkey-not-found"
  /** The browser's answer is malformed, too late, repeated, or of another site, account or session. */
  | "passkey-not-valid"
  /** This passkey has been added before, to this account or to another one. */
  | "passkey-taken"
  /** Another service did not answer in time, or not as agreed. */
  | "peer-unavailable"
  /** There is no such picture, or it is somebody else's. */
  | "picture-not-found"
  /** Nothing has been uploaded for this picture. */
  | "picture-not-uploaded"
  /** The store of the pictures does not answer. */
  | "picture-store-unavailable"
  /** The file has too many bytes or pixels, or needs too much memory or time. */
  | "picture-too-large"
  /** Other pictures are being encoded, or the encoding failed. */
  | "pictures-busy"
  /** This site takes no pictures (PICTURES_URL is not set). */
  | "pictures-off"
  /** There is no such post, or it is somebody else's draft. */
  | "post-not-found"
  /** The resource has changed since the caller read it. */
  | "precondition-failed"
  /** A code is needed if the account has a second factor, else the password. */
  | "proof-missing"
  /** The code is unknown, used, expired, or another browser's; or its account may not sign in. */
  | "provider-code-not-valid"
  /** No provider has this name. */
  | "provider-not-found"
  /** The provider does not answer just now. */
  | "provider-unavailable"
  /** One person or address has sent too many requests. */
  | "rate-limited"
  /** Requests cannot be counted, and are refused for that (RATE_LIMIT_STORE_FAILS=closed). */
  | "rate-limits-unavailable"
  /** The first request with this key is still running. */
  | "request-in-progress"
  /** The body did not arrive in time. */
  | "request-timeout"
  /** The page to return to is not one of this site's. */
  | "return-not-listed"
  /** Search results come the newest first. */
  | "search-has-one-order"
  /** The query has too many words. Each is looked up separately, and one character may stand for four of them. */
  | "search-has-too-many-words"
  /** The query only excludes words: nearly all posts would have to be read for it. */
  | "search-needs-a-word"
  /** The search was cancelled after two seconds: very many posts have its words. */
  | "search-too-slow"
  /** The caller's last search is still running. */
  | "search-under-way"
  /** The account has no second factor. */
  | "second-factor-off"
  /** The account has a second factor already. */
  | "second-factor-on"
  /** The account has no such session, or it has ended. */
  | "session-not-found"
  /** Too many wrong passwords for this address in total: only sources of recent successful sign-ins may try. */
  | "sign-in-closed"
  /** The request has no bearer token. */
  | "sign-in-required"
  /** Too many wrong passwords for this address from this source; it has to wait. */
  | "sign-in-throttled"
  /** An address of a special-use domain (RFC 6761) that this site does not accept. */
  | "special-use-domain"
  /** An admin is deleted only after somebody has taken the role from them. */
  | "still-admin"
  /** More passwords wait to be hashed than can be in time. */
  | "too-busy"
  /** The caller has as many API keys as an account may have. */
  | "too-many-api-keys"
  /** Too many mails of a kind were sent recently. Only for signed-in callers: others are not told. */
  | "too-many-mails"
  /** The account has as many passkeys as it may have. */
  | "too-many-passkeys"
  /** The caller has as many pictures as they may have. */
  | "too-many-pictures"
  /** The caller has as many unfinished uploads as they may have. */
  | "too-many-uploads"
  /** The server does not support the grant type. */
  | "unsupported-grant-type"
  /** The route does not accept the body's media type. */
  | "unsupported-media-type"
  /** The address is too long. */
  | "url-too-long"
  /** There is no such person. */
  | "user-not-found"
  /** The request does not have the expected form; `errors` says where. */
  | "validation-failed"
  /** The new password is too short, too common, or made of words that others know of its owner. */
  | "weak-password"
  /** The code is wrong, outdated, or was used before. Not a 401: an access token is still valid. */
  | "wrong-code"
  /** The sign-in is refused. The answer never tells which reason it was (S-06). */
  | "wrong-credentials"
  /** The current password is wrong. Not a 401: the access token is valid, and a new one would not help. */
  | "wrong-password";

/** Routes whose POST takes an `Idempotency-Key`. */
export const CREATING: ReadonlySet<string> = new Set([
  "/auth/register",
  "/auth/passkeys",
  "/posts/{post_id}/reports",
  "/posts/{post_id}/comments/{comment_id}/reports",
  "/posts",
  "/posts/{post_id}/comments"
]);
