"""One span for each command, which its events remember."""

import msgspec
from opentelemetry.context import get_current
from opentelemetry.trace import Span
from opentelemetry.trace.status import StatusCode

from commands.context import Context, Recorded
from commands.dispatcher import Dispatcher
from commands.message import Command
from domain.errors import DomainError
from lms.telemetry.tracing import TRACER, parent_in, traceparent_of


class TracedDispatcher(Dispatcher):
    """A dispatcher whose commands continue the trace of their request, or of their event."""

    def dispatch(self, command: Command, context: Context) -> Recorded:
        """See Dispatcher."""
        if context.causation is not None and context.trace is None:
            return super().dispatch(command, context)  # the event isn't traced: this isn't either
        parent = get_current() if context.trace is None else parent_in(context.trace)
        with TRACER.start_as_current_span(
            f"command {type(command).__name__}",
            context=parent,
            attributes={"lms.correlation_id": str(context.correlation_id)},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            traced = msgspec.structs.replace(context, trace=traceparent_of(span))
            return self._watched(span, command, traced)

    def _watched(self, span: Span, command: Command, context: Context) -> Recorded:
        try:
            recorded = super().dispatch(command, context)
        except DomainError as refusal:
            span.set_attribute("lms.refusal", refusal.code)
            raise
        except Exception as error:
            span.set_status(StatusCode.ERROR, type(error).__name__)
            raise
        span.set_attributes({"lms.stream": str(recorded.id), "lms.position": recorded.position})
        return recorded
