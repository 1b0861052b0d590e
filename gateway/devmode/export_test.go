package devmode

// KillServers ends both private servers as a crash would.
func (d *Dev) KillServers() error {
	if err := d.servers.Postgres.Kill(); err != nil {
		return err
	}
	return d.servers.Redis.Kill()
}

// CredentialsFile is where a data directory keeps the demo's secrets.
func CredentialsFile(dir string) string { return dataDir(dir).demo() }
