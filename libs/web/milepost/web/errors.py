"""What this library raises."""


class WebError(Exception):
    """The root of every error of this library; what a rule refuses is a `Refused` instead.

    Of those below `RequestFault` each knows the problem that it is answered with.

    WebError
    ├─ RequestFault            the request cannot be served as it is, or not now
    │  ├─ Malformed            not what the documentation describes
    │  ├─ NotAuthenticated     no acceptable token
    │  ├─ CrossSiteRequest     a cookie that no page of ours has sent
    │  ├─ UnsupportedMedia     a body of another media type
    │  ├─ BodyTooLarge
    │  ├─ TooManyRequests      over a quota
    │  ├─ TooManyStreams       as many are open as a caller may have
    │  ├─ BodyTooSlow
    │  └─ Locked               sealed with a key that is not here
    ├─ UnknownKey              a token is signed with a key that is not at hand
    ├─ KeysUnavailable         a ConnectionError too: the issuer's keys cannot be read
    ├─ KeysTooLarge            a ValueError too: what the issuer sends is no set of keys
    ├─ OutboundError           what was asked of another server did not come back
    │  ├─ AddressRefused       its name leads to an address that is not public
    │  ├─ HostNotAllowed       the operator has not named it
    │  ├─ NotReached           no connection, no answer in time, or none that is HTTP
    │  ├─ UrlRefused           not https, or no URL that may be called
    │  └─ AnswerTooLarge
    ├─ Stalled                 a reader takes nothing of what is sent
    ├─ SettingInvalid          a variable of the environment makes no sense
    └─ AddressTaken            somebody else listens there
    """
