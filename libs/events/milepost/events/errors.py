"""What this library raises."""


class EventsError(Exception):
    """The root of every error of this library; what a rule refuses is a `Refused` instead.

    EventsError
    ├─ Overloaded              too much waits already: try again shortly
    │  └─ Contended            other writers were faster every time
    ├─ EndlessNeeds            a decision that needs more in every round
    ├─ DuplicateEventId        an event of this id is in the log already
    ├─ LeaseLost               another process may lead by now
    │  └─ CheckpointMoved      another process has moved the checkpoint
    ├─ UnknownEvent            a tag that this code does not know
    ├─ NoSuchTenant            the log holds nothing of it
    ├─ PipelineBroken          a message did not get its place in the stream
    │  ├─ PredictionFailed     somebody else has published
    │  └─ StreamChanged        the stream was lost, or a part of it
    ├─ Unpublishable           no message that NATS takes can be made of the event
    ├─ MessageTooLarge         of NATS's errors too: the server is away for it
    ├─ TlsRefused              of NATS's errors too: no connection as secure as it must be
    ├─ ConnectionEnded         of NATS's errors too: by the server, before it has let us in
    ├─ ConsumerGone            of NATS's errors too: made anew when it is asked for again
    ├─ Foreign                 a ValueError too: a message that Milepost did not write
    ├─ StreamSetBack           the stream ends before what it once held
    ├─ RelayStandsStill        nobody publishes what the log has
    ├─ RelayTooBusy            nothing can be put between the relay's messages
    ├─ SubjectUnfit            no place to publish again to
    ├─ NobodyListens           no stream takes the subject
    ├─ Stopped                 publishing again broke off; what was published is known
    ├─ Unfoldable              a projection cannot make rows of an event
    ├─ Unfit                   a row does not fit its table
    ├─ RebuildUnderWay         of the model, for other tenants
    ├─ OtherVersion            code of another version is at work on the model
    ├─ NoGeneration            the model has none of the kind that is asked for
    ├─ Live                    the generation is read by everybody
    ├─ LiveStands              the live generation does not come on
    ├─ BehindLive              the new generation has read less than the live one
    ├─ ParksMore               the new generation cannot fold what the live one could
    ├─ Overtaken               somebody else writes, or has discarded, the generation
    └─ AsOfInvalid             no past point of the log
    """
