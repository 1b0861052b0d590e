-- More that needs two people: rules of approval that become weaker, and orders to the card provider that people end.

-- +goose Up

alter table approvals
    drop constraint approvals_kind,
    add constraint approvals_kind check (kind in ('payout', 'adjustment', 'key_rotation', 'approval_rule', 'virtual_card'));

-- An order that a person has ended goes on being looked up until the provider
-- has said how it ended there.
alter table virtual_card_operations
    add column resolved_by text, -- as approvals.requested_by
    add column unheard boolean not null default false,
    drop constraint virtual_card_operations_cause,
    add constraint virtual_card_operations_cause check (cause in ('provider', 'not_sent', 'not_begun', 'resolved')),
    add constraint virtual_card_operations_resolved check (not unheard or (resolved_by is not null and state <> 'processing'));
drop index virtual_card_operations_due;
create index virtual_card_operations_due on virtual_card_operations (look_at) where state = 'processing' or unheard;
