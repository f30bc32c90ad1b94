import { texts } from '../texts.ts'

/** Fields for the name of a new environment: `project` and `name`. */
export function NewName({ project, name }: { project?: string; name?: string }) {
  const field = { required: true, maxLength: 100, pattern: '[A-Za-z0-9_\\-][A-Za-z0-9._\\-]*', autocomplete: 'off' }
  return (
    <>
      <label>
        {texts.environments.project}
        <input name="project" defaultValue={project} {...field} />
      </label>
      <label>
        {texts.environments.name}
        <input name="name" defaultValue={name} {...field} />
      </label>
    </>
  )
}
