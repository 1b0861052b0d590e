package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	dialTimeout = 100 * time.Millisecond
	ioTimeout   = 100 * time.Millisecond
	minPoolSize = 32

	// minQueuePool lets the hundreds of workers that share a queue's client end
	// their tasks at once. What go-redis takes by itself depends on the CPUs,
	// which a queue is not bound by: on a small machine workers then wait for a
	// connection instead of for Redis.
	minQueuePool = 64

	// goRedisPerCPU is what go-redis takes by itself.
	goRedisPerCPU = 10
)

// NewClient makes the Redis client that Options wants. Where an ordinary
// client tries for more than a second before it gives up on a server, this one
// tries once and briefly. It takes the URLs of Connect.
func NewClient(address string) (redis.UniversalClient, error) {
	return connect(address, func(o *redis.Options) {
		o.MaxRetries, o.DialerRetries = -1, 1
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = dialTimeout, ioTimeout, ioTimeout, ioTimeout
		o.ContextTimeoutEnabled = true
		o.PoolSize = max(o.PoolSize, minPoolSize)
	})
}

// Connect makes an ordinary Redis client with a pool of at least 64
// connections, as queues want it. address is
// redis://, rediss:// or unix://,
// redis-sentinel://[:SENTINEL_PASSWORD@]HOST:PORT,HOST:PORT?master=NAME with
// db, username and password as further parameters, or
// redis-cluster://[USER:PASSWORD@]HOST:PORT,HOST:PORT. It does not connect yet.
// Its error does not quote the URL, which may hold a password.
func Connect(address string) (redis.UniversalClient, error) {
	return connect(address, func(o *redis.Options) {
		if o.PoolSize == 0 {
			o.PoolSize = goRedisPerCPU * runtime.GOMAXPROCS(0)
		}
		o.PoolSize = max(o.PoolSize, minQueuePool)
	})
}

func connect(address string, tune func(*redis.Options)) (redis.UniversalClient, error) {
	single := &redis.Options{}
	var several *redis.UniversalOptions
	var err error
	switch scheme, _, _ := strings.Cut(address, "://"); scheme {
	case "redis-sentinel", "redis-cluster":
		several, err = severalServers(address)
	default:
		if single, err = redis.ParseURL(address); err != nil {
			err = errors.New("ratelimit: the Redis URL is not a redis, rediss, unix, redis-sentinel or redis-cluster URL")
		}
	}
	if err != nil {
		return nil, err
	}
	tune(single)
	single.DisableIdentity = true
	single.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if several == nil {
		return redis.NewClient(single), nil
	}
	several.MaxRetries, several.DialerRetries = single.MaxRetries, single.DialerRetries
	several.DialTimeout, several.ReadTimeout = single.DialTimeout, single.ReadTimeout
	several.WriteTimeout, several.PoolTimeout = single.WriteTimeout, single.PoolTimeout
	several.ContextTimeoutEnabled, several.PoolSize = single.ContextTimeoutEnabled, single.PoolSize
	several.DisableIdentity, several.MaintNotificationsConfig = true, single.MaintNotificationsConfig
	return redis.NewUniversalClient(several), nil
}

func severalServers(address string) (*redis.UniversalOptions, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, errors.New("ratelimit: the Redis URL names no servers")
	}
	password, _ := u.User.Password()
	o := &redis.UniversalOptions{Addrs: strings.Split(u.Host, ",")}
	if u.Scheme == "redis-cluster" {
		o.IsClusterMode, o.Username, o.Password = true, u.User.Username(), password
		return o, nil
	}
	q := u.Query()
	o.MasterName, o.Username, o.Password = q.Get("master"), q.Get("username"), q.Get("password")
	o.SentinelPassword = password
	if o.MasterName == "" {
		return nil, errors.New("ratelimit: a redis-sentinel URL needs ?master=NAME")
	}
	if db := q.Get("db"); db != "" {
		if o.DB, err = strconv.Atoi(db); err != nil {
			return nil, errors.New("ratelimit: the db of a redis-sentinel URL is not a number")
		}
	}
	return o, nil
}

// takeScript keeps the time of one key and returns what Decide needs to say
// what happened, so that the words of the answer exist once.
//
// KEYS[1] the key
// ARGV[1] microseconds that one request uses up
// ARGV[2] burst
// ARGV[3] milliseconds after which the key may go
// ARGV[4] now in Unix microseconds, or "" for the clock of the server
//
// Returns {stored time or 0, now}, both in Unix microseconds. Redis 5 or newer.
var takeScript = redis.NewScript(`
local interval = tonumber(ARGV[1])
local span = interval * tonumber(ARGV[2])
local now = tonumber(ARGV[4])
if not now then
  local t = redis.call('TIME')
  now = t[1] * 1000000 + t[2]
end
local stored = tonumber(redis.call('GET', KEYS[1]) or '0')
local used = math.max(stored - now, 0)
if used + interval <= span then
  used = used + interval
elseif used > span then
  used = span
else
  return {stored, now}
end
redis.call('SET', KEYS[1], string.format('%.0f', now + used), 'PX', ARGV[3])
return {stored, now}
`)

// shared is the store in Redis.
type shared struct {
	client redis.UniversalClient
	now    func() time.Time // nil: the clock of the server, the same for all processes
}

func (s *shared) take(ctx context.Context, key string, l Limit) (Decision, error) {
	now := ""
	if s.now != nil {
		now = strconv.FormatInt(s.now().UnixMicro(), 10)
	}
	// A second over, so that the key outlives the time in it.
	expiry := (l.span() + time.Second).Milliseconds()
	reply, err := takeScript.Run(ctx, s.client, []string{limitKey(key)},
		l.interval().Microseconds(), l.Burst, expiry, now).Int64Slice()
	if err != nil {
		return Decision{}, err
	}
	if len(reply) != 2 {
		return Decision{}, fmt.Errorf("ratelimit: the script answered %d values", len(reply))
	}
	_, d := Decide(l, time.UnixMicro(reply[0]), time.UnixMicro(reply[1]))
	return d, nil
}

// failScript counts one failure.
//
// KEYS[1] the counter
// ARGV[1] milliseconds after which it may go
//
// Returns the count.
var failScript = redis.NewScript(`
local n = redis.call('INCR', KEYS[1])
if n == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return n
`)

func (s *shared) fail(ctx context.Context, key string) (int64, error) {
	// The window is a minute of the process's clock; the second minute is for
	// processes whose clocks differ.
	return failScript.Run(ctx, s.client, []string{key}, (2 * time.Minute).Milliseconds()).Int64()
}
