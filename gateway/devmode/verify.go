package devmode

import (
	"encoding/json"
	"net/http"
	"strings"

	"disburse/gateway/merchant"
	"disburse/signing"
)

// signedFields are what a callback's body says about itself.
type signedFields struct {
	OrderID      string `json:"order_id"`
	StandartSign string `json:"standart_sign"`
}

// verify fills in what the signatures are worth.
func (i *Inspector) verify(r *http.Request, body []byte, d *delivery) {
	var fields signedFields
	// A body that does not decode has no valid sign, and no order to be found by.
	_ = json.Unmarshal(body, &fields)
	d.orderID = fields.OrderID
	headers := signing.ReadHeaders(r.Header.Get)
	from, err := i.o.Merchants.Of(r.Context(), headers.ID)
	if err != nil {
		i.o.Log.Warn("the sender of a callback is not known, so its signatures were not verified", "error", err.Error())
		return
	}
	if len(from) == 1 {
		d.Merchant = from[0].Name
	}
	for _, m := range from {
		standart := fields.StandartSign != "" && signing.VerifyHex(fields.StandartSign, standartSigns(m, fields.OrderID)...)
		webhook := signing.Verify(m.WebhookSecrets, headers, body, d.ReceivedAt, signing.Tolerance) == nil
		if standart || webhook {
			d.StandartSign, d.Webhook, d.Merchant = standart, webhook, m.Name
			return
		}
	}
}

// standartSigns are the signs of an order with each active key.
func standartSigns(m merchant.Merchant, orderID string) []string {
	signs := make([]string, len(m.SignKeys))
	for n, key := range m.SignKeys {
		signs[n] = signing.StandartSign(m.StandartSign, m.Name, orderID, key)
	}
	return signs
}

func joinValues(values []string) string { return strings.Join(values, ", ") }
