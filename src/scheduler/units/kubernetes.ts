import { commented, keyComment, type UnitContext } from './unit.ts'

/** A CronJob that runs `esc scheduler tick` on a clone in a volume. */
export function kubernetesUnit({ image, storeInRepository }: UnitContext): string {
  const store = `/repository${storeInRepository === '' ? '' : `/${storeInRepository}`}`
  return `${commented([
    'kubectl apply --filename esc-scheduler.yaml, after making what it needs:',
    '  - an image with esc and git in it (--image)',
    '  - a volume claim "esc-repository" with a clone of the repository',
    '  - a volume claim "esc-state" for the state of this machine, such as the journal of an interrupted rotation: it must outlive the pods',
    '  - a secret "esc-scheduler" with the key:',
    '',
    ...keyComment,
    '    kubectl create secret generic esc-scheduler --from-file=passphrase=passphrase.txt',
    'or, for ESC_KEY: --from-literal=ESC_KEY=…, and "envFrom:" in the place of ESC_PASSPHRASE_FILE below.',
    '',
    'Where others change the repository too, set scheduler.lease in its esc.yaml: then each run fetches, and is pushed.',
  ])}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: esc-scheduler
spec:
  schedule: "*/5 * * * *"
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 240
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 0
      activeDeadlineSeconds: 3600
      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 300
          securityContext:
            fsGroup: 1000
          containers:
            - name: tick
              image: ${JSON.stringify(image)}
              command: ["esc", "scheduler", "tick", "--commit", "--store", ${JSON.stringify(store)}]
              env:
                - name: ESC_PASSPHRASE_FILE
                  value: /keys/passphrase
                - name: ESC_STATE_HOME
                  value: /state
                - name: ESC_AUTHOR
                  value: esc scheduler <esc-scheduler@kubernetes.invalid>
              volumeMounts:
                - name: repository
                  mountPath: /repository
                - name: state
                  mountPath: /state
                - name: keys
                  mountPath: /keys
                  readOnly: true
          volumes:
            - name: repository
              persistentVolumeClaim:
                claimName: esc-repository
            - name: state
              persistentVolumeClaim:
                claimName: esc-state
            - name: keys
              secret:
                secretName: esc-scheduler
                defaultMode: 288
`
}
