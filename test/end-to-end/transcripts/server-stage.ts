import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { browserPath, ConsolePage, closeBrowser, startBrowser } from '../../console/browser.ts'
import { freePort } from '../../servers/binary.ts'
import type { SetStage } from './play.ts'

export const browserPackages = 'chromium'

export function missingBrowser(): readonly string[] {
  return browserPath() === undefined ? ['chromium'] : []
}

/** A free port in the place of 8080, and somebody who uses the console there. */
export async function setServer(): Promise<SetStage> {
  const port = await freePort()
  let folder = ''
  const rotate = async () => {
    const browser = await startBrowser()
    try {
      const opened = await ConsolePage.open(browser, `http://127.0.0.1:${port}`)
      const { page } = opened
      await opened.signIn(readFileSync(join(folder, 'token'), 'utf8').trim())
      await page.getByRole('link', { name: 'dev' }).click()
      await page.getByRole('tab', { name: 'Rotated secrets' }).click()
      await page.getByRole('button', { name: 'Rotate secrets' }).click()
      await page.getByRole('button', { name: 'Rotate now' }).click()
      await page.getByRole('status').getByText('Rotated.').waitFor()
    } finally {
      await closeBrowser(browser)
    }
  }
  return {
    prepare: (made) => {
      folder = made
    },
    replaced: { [`127.0.0.1:${port}`]: '127.0.0.1:8080' },
    happenings: { 'In the console: app/dev, Rotated secrets, Rotate secrets, Rotate now': rotate },
    strike: async () => {},
  }
}
