"""Names our recorders to the library, which finds this module through `PERSISTENCE_MODULE`."""

from eventsourcing import postgres
from eventsourcing.persistence import AggregateRecorder

from event_store.recorder import Recorder
from event_store.snapshots import SnapshotRecorder


class Factory(postgres.PostgresFactory):
    application_recorder_class = Recorder

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        return SnapshotRecorder(self.datastore, events_table_name=purpose)
