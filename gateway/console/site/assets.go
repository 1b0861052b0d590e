package site

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"path"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
)

//go:embed static/*
var static embed.FS

// file is one static file, plain and packed. Its path holds a digest of its
// content, so browsers keep it for good.
type file struct {
	media         string
	plain, packed []byte
}

// files are the static files by the last part of their paths, and those parts
// by the files' names.
var files = sync.OnceValues(func() (byPath map[string]file, paths map[string]string) {
	byPath, paths = make(map[string]file), make(map[string]string)
	entries, err := static.ReadDir("static")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		content, err := static.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		ext := path.Ext(e.Name())
		media := mime.TypeByExtension(ext)
		if ext == ".LICENSE" {
			media = "text/plain; charset=utf-8"
		}
		name := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		byPath[name] = file{media: media, plain: content, packed: gzipped(content, gzip.BestCompression)}
		paths[e.Name()] = name
	}
	return byPath, paths
})

func assetPath(base, name string) (string, error) {
	_, paths := files()
	at, known := paths[name]
	if !known {
		return "", fmt.Errorf("asset: no file %q", name)
	}
	return base + "/static/" + at, nil
}

func serveStatic(_ context.Context, c *fiber.Ctx, _ string, _ netip.Addr) (string, error) {
	byPath, _ := files()
	f, known := byPath[c.Params("file")]
	if !known {
		c.Status(http.StatusNotFound)
		return "", c.SendString("not found")
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Response().Header.SetContentType(f.media)
	if f.packed != nil && strings.Contains(c.Get(fiber.HeaderAcceptEncoding), "gzip") {
		c.Set(fiber.HeaderContentEncoding, "gzip")
		c.Response().SetBodyRaw(f.packed)
		return "", nil
	}
	c.Response().SetBodyRaw(f.plain)
	return "", nil
}

// worthPacking is the size from which a page is sent packed.
const worthPacking = 1400

// packed is the body as it is sent, packed when the browser takes that.
func packed(c *fiber.Ctx, body []byte) []byte {
	if len(body) < worthPacking || !strings.Contains(c.Get(fiber.HeaderAcceptEncoding), "gzip") {
		return body
	}
	small := gzipped(body, gzip.BestSpeed)
	if small == nil {
		return body
	}
	c.Set(fiber.HeaderContentEncoding, "gzip")
	return small
}

// gzipped returns nil when packing fails, and the plain form is sent.
func gzipped(plain []byte, level int) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, level)
	if err != nil {
		return nil
	}
	if _, err := w.Write(plain); err != nil {
		return nil
	}
	if err := w.Close(); err != nil {
		return nil
	}
	return out.Bytes()
}
