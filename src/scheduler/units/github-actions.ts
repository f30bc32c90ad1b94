import { commented, keyComment, type UnitContext, unitWord } from './unit.ts'

/** A workflow that rotates what is due every hour, commits and pushes. */
export function githubActionsUnit({ storeInRepository }: UnitContext): string {
  const store = storeInRepository === '' ? '' : ` --store ${unitWord(storeInRepository)}`
  return `${commented([
    'Save this as .github/workflows/esc-scheduler.yaml.',
    '',
    ...keyComment,
    'Save it as a secret of the repository, and name it at "env:" below.',
    '',
    'ESC_PACKAGE is a variable of the repository: where npm finds your copy of esc, such as the address of a .tgz file.',
    '',
    'An interrupted rotation is kept in the journal of the machine (ESC_STATE_HOME), and a runner is thrown away. So nothing here cancels a',
    'run, and the journal, which is encrypted, is kept as an artifact when a run fails. To finish such a rotation, unpack the artifact into',
    'journal/ of the state folder of a machine that has the key ("esc status" names the folder), and run "esc env rotate ENV --resume" there.',
  ])}
name: esc scheduler
on:
  schedule:
    - cron: "17 * * * *"
  workflow_dispatch: {}
permissions:
  contents: write
concurrency:
  group: esc-scheduler
  cancel-in-progress: false
jobs:
  tick:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-node@v4
        with:
          node-version: 22
      - name: Install esc
        env:
          ESC_PACKAGE: \${{ vars.ESC_PACKAGE }}
        run: npm install --global "$ESC_PACKAGE"
      - name: Rotate what is due
        env:
          ESC_KEY: \${{ secrets.ESC_KEY }}
          ESC_STATE_HOME: \${{ runner.temp }}/esc-state
          ESC_AUTHOR: esc scheduler <esc-scheduler@users.noreply.github.com>
        run: |
          esc scheduler tick --commit${store}
      - name: Push what was rotated
        if: always()
        run: git push || { git -c user.name=esc -c user.email=esc-scheduler@users.noreply.github.com pull --no-rebase --no-edit && git push; }
      - name: Keep the journal of what was cut off
        if: failure() || cancelled()
        uses: actions/upload-artifact@v4
        with:
          name: esc-journal
          path: \${{ runner.temp }}/esc-state/journal
          if-no-files-found: ignore
`
}
