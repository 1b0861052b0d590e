package approval

// Who asked has a hand in an account that would decide: two accounts are then
// perhaps one person. Each of these is about p: the account, who asked, and the
// moment when it is decided.
const (
	// Of the account r.by, about what a asks for.
	dependent = `exists (select from (select substr(r.by, 10) as account, a.requested_by as asker, r.at as at) as p
        where ` + touched + ` or ` + inHand + `)`

	// The account was made, or anything of it changed, after it was asked for. All
	// who come by the command line count as one: their names are what the machine
	// says.
	touched = `exists (select from audit_log l
            where l.subject = 'operator' and l.subject_id = p.account and l.at >= a.requested_at
                and (l.actor_kind || ':' || l.actor_id = p.asker or l.actor_kind = 'cli' and p.asker like 'cli%'))`

	// The account is in the hands of an operator who asked, perhaps through others:
	// who has the secrets of one account can make another with it, or a new password
	// of its own. Step by step, who has an account before what was done with it.
	inHand = `p.asker like 'operator:%' and exists (
            with recursive hold (account, at, before) as (
                select p.account, p.at, 9223372036854775807
                union
                select g.actor_id, g.at, g.id from hold h cross join lateral (` + gavePassword + ` union all ` + gaveToken + `) as g
                where g.actor_kind = 'operator')
            select from hold where 'operator:' || account = p.asker)`

	// The last who gave out a password of the account, whenever that was: one that
	// its owner has chosen since may be chosen by the same person. That another one
	// gives out a new password makes it free.
	gavePassword = `(select l.id, l.at, l.actor_kind, l.actor_id from audit_log l
            where l.subject = 'operator' and l.subject_id = h.account and l.id < h.before
                and l.action in ('operator.create', 'operator.reset-password')
            order by l.id desc limit 1)`

	// Who gave out a token of the account that works. A token and the audit row of
	// its making are of the same moment.
	gaveToken = `(select l.id, l.at, l.actor_kind, l.actor_id from operator_tokens t
            join audit_log l on l.subject = 'operator' and l.subject_id = t.operator_id and l.at = t.created_at
            where t.operator_id = h.account and (t.revoked_at is null or t.revoked_at > h.at) and t.expires_at > h.at
                and l.id < h.before and l.action in ('operator.create', 'operator.issue-token'))`
)
