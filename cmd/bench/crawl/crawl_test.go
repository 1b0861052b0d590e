package crawl_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/cmd/bench/crawl"
)

var errNone = errors.New("no such page")

func TestSite(t *testing.T) {
	t.Parallel()
	pages := map[string]string{
		"/desk/": `<a href="/desk/list">List</a> <a href="/desk/things/t1#top">1</a> <a href="/other">away</a> <a href="/desk/static/site.css">style</a>
			<div hx-get="/desk/part?of=x&amp;in=y"></div> <div data-chart="/desk/chart"></div>`,
		"/desk/list": `<form method="get" action="/desk/list"><input type="hidden" name="view" value="all"><input name="q"><input type="date" name="from" required>
			<select name="state"><option value="">any</option><option value="open">open</option><option value="done">done</option></select>
			<button>Find</button><button formaction="/desk/file" name="format" value="csv">CSV</button></form>
			<form method="post" action="/desk/end"><input name="why"></form>`,
		"/desk/list?format=csv&from=d1&q=4242&view=all": `<a href="/desk/list?q=4242&amp;cursor=z9">Next</a>`,
	}
	for _, page := range []string{"/desk/things/t1", "/desk/part?in=y&of=x", "/desk/part?of=x&in=y", "/desk/chart", "/desk/list?cursor=z9&q=4242", "/desk/list?q=4242&cursor=z9"} {
		pages[page] = "end"
	}
	for _, path := range []string{"/desk/list", "/desk/file"} {
		for _, query := range []string{"from=d1", "from=d1&q=4242", "from=d1&state=done", "from=d1&state=open"} {
			if address := path + "?format=csv&" + query + "&view=all"; pages[address] == "" {
				pages[address] = "end"
			}
		}
	}
	found, err := crawl.Site{
		Base: "/desk", Start: []string{"/desk/"}, Values: crawl.Values{"q": {"4242"}, "from": {"d1"}},
		Get: func(address string) (crawl.Answer, error) {
			if text, known := pages[address]; known {
				return crawl.Answer{Text: text}, nil
			}
			return crawl.Answer{}, errNone
		},
	}.Walk()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range found {
		got = append(got, v.Address)
	}
	slices.Sort(got)
	want := []string{
		"/desk/", "/desk/chart", "/desk/file?format=csv&from=d1&q=4242&view=all", "/desk/file?format=csv&from=d1&state=done&view=all",
		"/desk/file?format=csv&from=d1&state=open&view=all", "/desk/file?format=csv&from=d1&view=all", "/desk/list",
		"/desk/list?format=csv&from=d1&q=4242&view=all", "/desk/list?format=csv&from=d1&state=done&view=all",
		"/desk/list?format=csv&from=d1&state=open&view=all", "/desk/list?format=csv&from=d1&view=all", "/desk/list?q=4242&cursor=z9",
		"/desk/part?of=x&in=y", "/desk/things/t1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What nobody knows a value of is told, so that it is not forgotten.
func TestUnknownField(t *testing.T) {
	t.Parallel()
	_, err := crawl.Site{Base: "/desk", Start: []string{"/desk/"}, Get: func(string) (crawl.Answer, error) {
		return crawl.Answer{Text: `<form method="get"><input name="colour"></form>`}, nil
	}}.Walk()
	if err == nil || err.Error() != "/desk/: no value for colour" {
		t.Errorf("got %v", err)
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	const document = `{"paths": {
		"/api/things": {"get": {"security": [{"token": []}], "parameters": [
			{"name": "state", "in": "query", "schema": {"$ref": "#/components/schemas/State"}}, {"$ref": "#/components/parameters/Owner"},
			{"name": "cursor", "in": "query"}, {"name": "limit", "in": "query"}]}, "post": {}},
		"/api/things/{id}": {"parameters": [{"name": "id", "in": "path", "required": true}], "get": {}},
		"/health": {"get": {}}},
		"components": {"schemas": {"State": {"enum": ["open", "done"]}}, "parameters": {"Owner": {"name": "owner", "in": "query"}}}}`
	var got []string
	_, err := crawl.API{
		Document: []byte(document), Values: crawl.Values{"owner": {"me"}, "/api/things/{id} id": {"a b"}},
		Get: func(address, scheme string) (crawl.Answer, error) {
			got = append(got, scheme+" "+address)
			return crawl.Answer{Text: `{"next_cursor": "z"}`}, nil
		},
	}.Walk("/api/")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	want := []string{
		" /api/things/a%20b", " /api/things/a%20b?cursor=z", "token /api/things", "token /api/things?cursor=z", "token /api/things?cursor=z&owner=me",
		"token /api/things?cursor=z&state=done", "token /api/things?cursor=z&state=open", "token /api/things?owner=me", "token /api/things?state=done",
		"token /api/things?state=open",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
