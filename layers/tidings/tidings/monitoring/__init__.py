"""Operations for operators: health, metrics, failed messages, outbox relay, erasure and export."""
