INSERT INTO fact_notification
SELECT stream_id, learner_id, kind, occurred_at, occurred_at::DATE, NULL
FROM staged
WHERE event_topic = 'notification.created';

UPDATE fact_notification AS known
SET read_at = news.occurred_at
FROM staged AS news
WHERE news.event_topic = 'notification.read' AND known.notification_id = news.stream_id;
