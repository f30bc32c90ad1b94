import { commented, keyComment, type UnitContext } from './unit.ts'

/** A service that keeps `esc scheduler start` running (systemd.service(5)). */
export function systemdUnit({ program, state, store, user }: UnitContext): string {
  const command = [...program, 'scheduler', 'start', '--store', store].map(execWord).join(' ')
  return `${commented([
    'Save this as /etc/systemd/system/esc-scheduler.service, then:',
    '  systemctl daemon-reload && systemctl enable --now esc-scheduler',
    '  journalctl --unit esc-scheduler --follow',
    '',
    ...keyComment,
    'Write it into /etc/esc/scheduler.env (owner root, mode 0600), such as ESC_KEY=esc-key-v1:…; the key file of the user below is found without it.',
    'A passphrase is better handed over as a credential: the two lines at LoadCredential.',
  ])}
[Unit]
Description=esc: rotate credentials by the clock
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
User=${specifier(user)}
WorkingDirectory=${specifier(store)}
ExecStart=${command}
# The state folder of the user above, where an interrupted rotation is kept: whoever rotates must find what another left unfinished.
Environment=${assignment('ESC_STATE_HOME', state)}
EnvironmentFile=-/etc/esc/scheduler.env
#LoadCredential=passphrase:/etc/esc/passphrase
#Environment=ESC_PASSPHRASE_FILE=%d/passphrase
# On SIGTERM a rotation under way is finished; if it is killed all the same, the next start goes on with it.
KillSignal=SIGTERM
KillMode=mixed
TimeoutStopSec=5min
Restart=on-failure
RestartSec=30s
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=full
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes

[Install]
WantedBy=multi-user.target
`
}

/** A word of ExecStart: quoted, `%` and `$` doubled. */
function execWord(word: string): string {
  const escaped = specifier(word)
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('$', () => '$$')
  return /^[\w@%+=:,./-]+$/.test(word) ? escaped : `"${escaped}"`
}

/** An assignment of Environment=: quoted, `%` doubled; `$` means nothing there. */
function assignment(name: string, value: string): string {
  const text = `${name}=${specifier(value)}`
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function specifier(text: string): string {
  return text.replaceAll('%', '%%')
}
