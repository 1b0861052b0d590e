// Package httpprovider asks a card provider over HTTP. It promises what
// virtualcard.Provider asks for of its errors: only an answer that names the
// order it is for, and agrees with what was asked, ends an order; a status alone
// never does. Whatever else comes back is unknown, and whatever never left is
// not sent.
//
// What is spoken, all of it JSON, amounts as text with the currency's decimals:
//
//	POST {url}/v1/cards                     create      {not_after, bin, name, amount, currency}
//	POST {url}/v1/cards/{id}/topup          TopUp       {not_after, amount, currency}
//	POST {url}/v1/cards/{id}/withdraw       Withdraw    {not_after, amount, currency}
//	POST {url}/v1/cards/{id}/freeze         Freeze      {not_after}
//	POST {url}/v1/cards/{id}/unfreeze       Unfreeze    {not_after}
//	POST {url}/v1/cards/{id}/close          Close       {not_after}
//	GET  {url}/v1/cards/{id}                Card
//	GET  {url}/v1/orders/{key}              Lookup
//
// Each carries Authorization: Bearer and each order its key as Idempotency-Key.
// An order is answered 200 when it is done, 202 while it is pending and 422 when
// it is declined; a lookup is always answered 200. All of these hold an Answer.
// An order whose key is another order's is 409 with {"error":"key_reused","key"},
// and a card that is not there is 404 with {"error":"no_card"}.
//
// Every call has a connection of its own, so that a stray answer can never be
// taken for another call's, and so that nothing is sent a second time by itself.
//
// What a provider does with an order it leaves to the provider; what an outcome
// means for the books to package virtualcard.
package httpprovider
