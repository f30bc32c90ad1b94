import { callApi, environmentPath } from '../../api.ts'
import { revisionTexts as texts } from '../../environment-texts.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { SideBySide } from '../../parts/side-by-side.tsx'
import { Shown } from '../../parts/states.tsx'
import { useSignedIn } from '../../session.ts'
import { texts as shared } from '../../texts.ts'
import { useLoaded } from '../../use-loaded.ts'

/** The definitions of two revisions beside each other. Secrets are hidden. */
export function Comparison({ name, from, to, close }: { name: string; from: number; to: number; close: () => void }) {
  const { organization } = useSignedIn()
  const loaded = useLoaded(
    async (signal) => {
      const path = environmentPath(organization, name)
      const read = (version: number) => callApi('GET', `${path}/versions/${version}`, undefined, signal)
      const [before, after] = await Promise.all([read(from), read(to)])
      return { before: before.text, after: after.text }
    },
    [name, from, to],
  )
  return (
    <Dialog title={texts.compareTitle(from, to)} close={close} wide>
      <p class="muted">{texts.secretsHidden}</p>
      <Shown of={loaded}>
        {({ before, after }) => (
          <SideBySide
            before={{ title: texts.revisionNumber(from), text: before }}
            after={{ title: texts.revisionNumber(to), text: after }}
          />
        )}
      </Shown>
      <footer>
        <button type="button" onClick={close}>
          {shared.common.close}
        </button>
      </footer>
    </Dialog>
  )
}
