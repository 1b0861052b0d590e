-- A change of who signs in for a live merchant needs two people. Unlike an adjustment the same one can be granted again.

-- +goose Up

alter table approvals
    drop constraint approvals_kind,
    add constraint approvals_kind check (kind in
        ('payout', 'adjustment', 'key_rotation', 'approval_rule', 'virtual_card', 'merchant_person'));

drop index approvals_once;
create unique index approvals_once on approvals (kind, subject, reference)
    where state = 'waiting' or (state = 'approved' and reference <> '' and kind <> 'merchant_person');
