package dial

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckURL(t *testing.T) {
	t.Parallel()
	none := AllowList{}
	loopback, _ := ParseAllow("loopback")
	host, _ := ParseAllow("hooks.internal:8080", "10.0.0.7:9000", "fd00::/8")

	for _, good := range []struct {
		url   string
		allow AllowList
	}{
		{"https://merchant.example/callback?x=1&y=%20", none}, {"http://merchant.example", none}, {"HTTPS://Merchant.Example:8443/a", none},
		{"https://8.8.8.8/", none}, {"https://[2606:4700:4700::1111]:8443/x", none}, {"https://xn--e1afmkfd.xn--p1ai/cb", none},
		{"https://a_b.merchant.example./", none}, {"https://merchant.example:/x", none}, {"https://1and1.example/", none}, {"https://0x7f.example/", none},
		{"http://127.0.0.1:8080/x", loopback}, {"http://localhost:8080/x", loopback}, {"http://[::1]/", loopback}, {"http://2130706433/", loopback},
		{"http://hooks.internal:8080/", host}, {"http://10.0.0.7:9000/", host}, {"http://[fd00::1]/", host},
		{"https://m.example/" + strings.Repeat("a", maxURLLen-18), none},
	} {
		if err := CheckURL(good.url, good.allow); err != nil {
			t.Errorf("CheckURL(%q) = %v, want it taken", good.url, err)
		}
	}

	for _, bad := range []struct {
		url   string
		allow AllowList
	}{
		{"", none}, {"merchant.example/x", none}, {"/x", none}, {"//merchant.example/x", none}, {"ftp://merchant.example/", none},
		{"file:///etc/passwd", none}, {"gopher://merchant.example/", none}, {"https:", none}, {"https://", none}, {"https:merchant.example", none},
		{"https://user@merchant.example/", none}, {"https://user:pass@merchant.example/", none}, {"https://@merchant.example/", none},
		{"https://merchant.example/#x", none}, {"https://merchant.example/#", none},
		{"https://m.example/" + strings.Repeat("a", maxURLLen-17), none},
		{" https://merchant.example/", none}, {"https://merchant.example/a b", none}, {"https://merchant.example/\n", none}, {"https://merchant.example\\@127.0.0.1/", none},
		{"https://merchant.example:0/", none}, {"https://merchant.example:65536/", none}, {"https://merchant.example:abc/", none},
		// Private, loopback, link-local and the rest, spelled out.
		{"http://127.0.0.1/", none}, {"http://127.1/", none}, {"http://0/", none}, {"http://0.0.0.0/", none}, {"http://10.1.2.3/", none},
		{"http://169.254.169.254/latest/meta-data/", none}, {"http://192.168.1.1/", none}, {"http://172.20.0.1/", none}, {"http://100.64.0.1/", none},
		{"http://[::1]/", none}, {"http://[::]/", none}, {"http://[fe80::1]/", none}, {"http://[fe80::1%25eth0]/", none}, {"http://[fd00::1]/", none},
		{"http://[::ffff:10.0.0.1]/", none}, {"http://[::ffff:a00:1]/", none}, {"http://[64:ff9b::a00:1]/", none}, {"http://[2002:a00:1::]/", none},
		// The same in other spellings.
		{"http://2130706433/", none}, {"http://0x7f000001/", none}, {"http://0X7F.0.0.1/", none}, {"http://0177.0.0.1/", none}, {"http://017700000001/", none},
		{"http://127.0.0.1./", none}, {"http://0xa9fea9fe/", none}, {"http://0251.0376.0251.0376/", none}, {"http://10.258/", none}, {"http://3232235777/", none},
		// Neither an address nor a name that is sure to be one.
		{"http://127.0.0.256/", none}, {"http://1.2.3.4.5/", none}, {"http://4294967296/", none}, {"http://09.0.0.1/", none}, {"http://example.127/", none},
		{"http://１２７.0.0.1/", none}, {"http://mеrchant.example/", none}, {"http://exa%6dple.com%00/", none}, {"http://a..b/", none},
		{"http://localhost/", none}, {"http://LOCALHOST:80/", none}, {"http://localhost./", none}, {"http://api.localhost/", none}, {"http://localhost.localdomain/", none},
		// An allow-list opens no more than it lists.
		{"http://10.0.0.1/", loopback}, {"http://hooks.internal:8081@127.0.0.1/", host}, {"http://10.0.0.7:9001/", host}, {"http://[fe80::1]/", host},
	} {
		err := CheckURL(bad.url, bad.allow)
		if fault := new(URLError); !errors.As(err, &fault) || fault.Why == "" {
			t.Errorf("CheckURL(%q) = %v, want a *URLError", bad.url, err)
		}
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://Shop.Example/a?b=c": "https://shop.example:443", "http://shop.example": "http://shop.example:80",
		"http://shop.example.:8080/": "http://shop.example:8080", "https://[2606:4700::1]/": "https://[2606:4700::1]:443",
		"HTTP://127.0.0.1:81/": "http://127.0.0.1:81", "": "invalid", "/x": "invalid", "http://a b/": "invalid", "http://%zz/": "invalid",
	} {
		if got := Endpoint(url); got != want {
			t.Errorf("Endpoint(%q) = %q, want %q", url, got, want)
		}
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, seed := range []string{"https://merchant.example/x", "http://0x7f.1/", "http://[::ffff:127.0.0.1]:80/", "http://a@b#c", "http://１.1/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if CheckURL(raw, AllowList{}) != nil {
			return
		}
		if len(raw) > maxURLLen || Endpoint(raw) == "invalid" || strings.ContainsAny(raw, "#\\ \n") {
			t.Errorf("CheckURL took %q", raw)
		}
	})
}
