-- The desk: which messages of a chat each operator has read, and payouts that one operator hands to another.

-- +goose Up

-- A message of a user is unread by whoever has no row here, or one with a lower
-- id. Rows only ever grow in last_id.
create table chat_reads (
    last_id  bigint not null, -- of chat_messages
    order_id bigint not null,
    read_at  timestamptz not null,
    reader   text collate "C" not null, -- as chat_messages.author: "operator:opr_..."
    subject  text not null constraint chat_reads_subject check (subject in ('card', 'p2p')),
    constraint chat_reads_pkey primary key (reader, subject, order_id)
);

alter table payout_events
    drop constraint payout_events_kind,
    add constraint payout_events_kind check (kind in
        ('claimed', 'renewed', 'released', 'handed_over', 'received', 'receipt', 'sent', 'pending', 'unknown', 'late_answer',
         'awaiting_approval', 'recalled', 'successful', 'rejected_timeout', 'rejected_merchant', 'rejected_gate'));
