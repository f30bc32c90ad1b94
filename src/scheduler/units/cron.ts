import { commented, keyComment, type UnitContext, unitWord } from './unit.ts'

/** A line for `crontab -e` (crontab(5)). */
export function cronUnit({ program, state, store }: UnitContext): string {
  const words = [...program, 'scheduler', 'tick', '--store', store].map(unitWord)
  const command = [`ESC_STATE_HOME=${unitWord(state)}`, ...words].join(' ')
  return `${commented([
    'Add these lines with crontab -e. What a run says goes to the system log (journalctl -t esc-scheduler).',
    '',
    'ESC_STATE_HOME is the state folder that you use now: whoever rotates must find what another left unfinished.',
    '',
    ...keyComment,
    'The key file of the user whose crontab this is is found without it. Else take away the # of one line, and keep the file it names at mode 0600.',
  ])}
#ESC_PASSPHRASE_FILE=/etc/esc/passphrase
*/5 * * * * ${command.replaceAll('%', '\\%')} 2>&1 | logger -t esc-scheduler
`
}
