import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'

/**
 * The user's configuration folder for esc: `ESC_CONFIG_HOME`; else `$XDG_CONFIG_HOME/esc`; else
 * `~/.config/esc`, `~/Library/Application Support/esc` (macOS) or `%APPDATA%\esc` (Windows).
 */
export function configFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
  // An empty HOME must not put keys below the current folder, which may be committed.
  home: string = env.HOME || homedir() || userInfo().homedir,
): string {
  if (env.ESC_CONFIG_HOME) return env.ESC_CONFIG_HOME
  if (env.XDG_CONFIG_HOME) return join(env.XDG_CONFIG_HOME, 'esc')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'esc')
  if (platform === 'win32') return join(env.APPDATA || join(home, 'AppData', 'Roaming'), 'esc')
  return join(home, '.config', 'esc')
}
