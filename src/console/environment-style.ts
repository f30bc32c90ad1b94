import { adoptStyle } from './adopt-style.ts'

// The tabs of an environment.
adoptStyle(`
[role="tablist"] {
  display: flex;
  gap: 0.2rem 1.2rem;
  overflow-x: auto;
  margin-bottom: 1rem;
  border-bottom: 1px solid var(--pico-muted-border-color);
}

[role="tab"] {
  white-space: nowrap;
  padding: 0.4rem 0.1rem;
  text-decoration: none;
  color: var(--pico-muted-color);
}

[role="tab"][aria-selected="true"] {
  color: var(--pico-color);
  box-shadow: inset 0 -2px 0 var(--pico-primary-background);
}

h1.name span {
  color: var(--pico-muted-color);
  font-weight: 400;
}

td.value {
  overflow-wrap: anywhere;
}

.outcome {
  border-left: 3px solid #1f8a4c;
  padding: 0.3rem 0.8rem;
  margin-bottom: 1rem;
}

.outcome.bad {
  border-left-color: #b42318;
}

.plan {
  padding-left: 1.1rem;
}

.pick {
  display: flex;
  align-items: center;
  margin: 0;
}

.diff {
  max-height: 60vh;
  color: var(--pico-color);
  overflow: auto;
  padding: 0.6rem;

  div {
    white-space: pre;
  }

  .sign {
    display: inline-block;
    width: 1.2em;
  }

  .added {
    background: light-dark(#e3f5e9, #143523);
  }

  .removed {
    background: light-dark(#fde8e6, #43201d);
  }
}

.editor {
  border: 1px solid var(--pico-muted-border-color);
  border-radius: var(--pico-border-radius);
  margin-bottom: 0.5rem;
  overflow: hidden;

  .cm-editor {
    min-height: 16rem;
    max-height: 70vh;
    background: var(--pico-form-element-background-color);
    color: var(--pico-color);
  }

  .cm-activeLine,
  .cm-activeLineGutter {
    background: light-dark(#0000000a, #ffffff0d);
  }

  .cm-gutters {
    background: transparent;
    color: light-dark(#566070, #a7b0bd);
    border: none;
  }

  .cm-scroller {
    font-family: var(--pico-font-family-monospace);
  }

  .cm-content {
    caret-color: var(--pico-color);
  }
}

.gap {
  color: var(--pico-muted-color);
}

.editing {
  display: grid;
  gap: 1.2rem;

  > * {
    min-width: 0;
  }

  @media (min-width: 60rem) {
    grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
  }

  aside {
    max-height: 78vh;
    overflow: auto;
  }
}

.result {
  margin: 0;

  div {
    padding: 0.35rem 0;
    border-bottom: 1px solid var(--pico-muted-border-color);
  }

  dt,
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
}

.facts {
  padding: 0.5rem 0.7rem;
  max-width: 40rem;
  max-height: 20rem;
  overflow: auto;
  border: 1px solid var(--pico-muted-border-color);
  border-radius: var(--pico-border-radius);
  background: var(--pico-card-background-color);
  color: var(--pico-color);

  p,
  pre {
    margin: 0 0 0.3rem;
  }

  p code {
    margin-left: 0.4rem;
    white-space: pre-wrap;
  }
}

dialog article:has(.sides) {
  width: min(72rem, 96vw);
  max-width: 96vw;
}

.sides {
  display: grid;
  gap: 0 1rem;

  > * {
    min-width: 0;
  }

  @media (min-width: 48rem) {
    grid-template-columns: 1fr 1fr;
  }
}

.changes {
  padding-left: 1.1rem;
  overflow-wrap: anywhere;
}

kbd {
  font-size: 0.75em;
}

.cm-tooltip {
  border-radius: var(--pico-border-radius);
}

.cm-editor .cm-tooltip {
  background: var(--pico-card-background-color);
  color: var(--pico-color);
  border-color: var(--pico-muted-border-color);
}

.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected] {
  background: light-dark(#0b4f9e, #8cc4ff);
  color: light-dark(#fff, #10151c);
}

.cm-completionDetail {
  opacity: 0.85;
}

.outcome[aria-busy="true"] {
  border-left-color: var(--pico-primary-background);
  white-space: normal;
}

.bad {
  color: light-dark(#a31b12, #ff9f94);
}

dialog article.wider {
  width: min(72rem, 96vw);
  max-width: none;
}

dialog footer button[type="submit"] {
  width: auto;
}

.schedule p {
  margin: 0;
}

.line-links {
  display: flex;
  flex-wrap: wrap;
  gap: 0.2rem 1rem;
}

.record {
  margin: 0 0 0.8rem;
  padding: 0.6rem 0.9rem;
  border: 1px solid var(--pico-muted-border-color);
  border-radius: var(--pico-border-radius);

  header {
    margin: 0 0 0.3rem;
    padding: 0;
    background: none;
    border: none;
  }

  p {
    margin-bottom: 0.4rem;
  }
}

.step-list,
.tags {
  margin: 0.3rem 0 0;
  padding-left: 1.1rem;
}

.field {
  margin-bottom: 0.4rem;

  input {
    margin-bottom: 0.1rem;
  }

  small {
    margin: 0.2rem 0 0;
  }
}

.runs {
  min-height: 13rem;
  margin: 0;

  p {
    margin: 0.3rem 0;
  }

  td,
  th {
    padding-block: 0.15rem;
  }
}

.choice {
  display: flex;
  flex-wrap: wrap;
  gap: 0 1.5rem;
}

td.actions button + button {
  margin-left: 0.4rem;
}

.more {
  display: none;
}

table.versus {
  width: 100%;
  margin: 0;
  table-layout: fixed;

  td,
  th {
    padding: 0.05rem 0.4rem;
    border: none;
    vertical-align: top;
    overflow-wrap: anywhere;
  }

  code {
    padding: 0;
    background: none;
    color: inherit;
    white-space: pre-wrap;
  }
}

@media (max-width: 40rem) {
  .more {
    display: inline;
  }

  td.actions button + button {
    display: block;
    margin: 0.3rem 0 0 auto;
  }
}
`)
