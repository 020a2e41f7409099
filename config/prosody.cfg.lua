-- What an existing Prosody needs for OneSoup. Not a whole configuration: put these lines at the
-- end of /etc/prosody/prosody.cfg.lua, with your domain and a secret of your own
-- (`openssl rand -hex 16`), then `prosodyctl restart`. docs/setup.md tells the rest.
--
-- Prosody waits for components on port 5347 of the loopback addresses; `component_ports` and
-- `component_interfaces` in the global section, above the first VirtualHost, change that.

Component "chat.example.org"
  component_secret = "CHANGE-ME"
  -- A link that broke without notice, as when a network cable is pulled, would otherwise keep
  -- its successor out until Prosody finds out.
  component_conflict_resolve = "kick_old"
  -- For clients that look for services.
  name = "Chat for old phones"
