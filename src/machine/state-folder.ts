import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'

/**
 * The folder for what this machine keeps about stores, outside every repository: `ESC_STATE_HOME`;
 * else `state` in `ESC_CONFIG_HOME`; else `$XDG_STATE_HOME/esc`; else `~/.local/state/esc`,
 * `~/Library/Application Support/esc/state` (macOS) or `%LOCALAPPDATA%\esc\state` (Windows). Losing
 * it may lose a credential, so it is not a cache folder.
 */
export function stateFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
  // An empty HOME must not put state below the current folder, which may be a repository.
  home: string = env.HOME || homedir() || userInfo().homedir,
): string {
  if (env.ESC_STATE_HOME) return env.ESC_STATE_HOME
  if (env.ESC_CONFIG_HOME) return join(env.ESC_CONFIG_HOME, 'state')
  if (env.XDG_STATE_HOME) return join(env.XDG_STATE_HOME, 'esc')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'esc', 'state')
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'esc', 'state')
  return join(home, '.local', 'state', 'esc')
}
