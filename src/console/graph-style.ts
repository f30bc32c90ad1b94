import { adoptStyle } from './adopt-style.ts'

// Drawings of what imports what.
adoptStyle(`
.graph {
  height: 70vh;
  overflow: auto;
  border: 1px solid var(--pico-muted-border-color);
  border-radius: var(--pico-border-radius);
  cursor: grab;

  &:active {
    cursor: grabbing;
  }

  .sheet {
    overflow: hidden;
  }

  .drawn {
    position: relative;
    transform-origin: 0 0;
  }

  path {
    fill: none;
    stroke: light-dark(#7b8594, #8b95a3);
    stroke-width: 1.2;
  }

  marker path {
    fill: light-dark(#7b8594, #8b95a3);
    stroke: none;
  }

  path.dashed {
    stroke-dasharray: 5 4;
  }

  .problem > path {
    stroke: light-dark(#b42318, #ff9f94);
  }

  .lit > path {
    stroke: var(--pico-primary);
    stroke-width: 2;
  }

  text {
    font: 11px var(--pico-font-family-monospace);
    text-anchor: middle;
    fill: var(--pico-muted-color);
    stroke: var(--pico-background-color);
    stroke-width: 4px;
    paint-order: stroke;
  }

  a {
    position: absolute;
    box-sizing: border-box;
    padding: 9px 10px;
    overflow: hidden;
    border: 1px solid light-dark(#9aa4b2, #667085);
    border-radius: 6px;
    background: var(--pico-card-background-color);
    color: var(--pico-color);
    font: 12px / 18px var(--pico-font-family-monospace);
    text-decoration: none;

    b,
    span {
      display: block;
      overflow: hidden;
      white-space: nowrap;
      text-overflow: ellipsis;
    }

    span {
      color: var(--pico-muted-color);
    }
  }

  a:hover,
  a.lit {
    border-color: var(--pico-primary);
    box-shadow: 0 0 0 1px var(--pico-primary);
  }

  a.problem {
    border-color: light-dark(#b42318, #ff9f94);
  }

  .dim {
    opacity: 0.25;
  }
}

.linked {
  max-height: 68vh;
  overflow: auto;
  padding: 0;

  .aside {
    float: right;
    font-size: 0.85em;
  }

  > * {
    list-style: none;
    padding: 0.35rem 0.2rem;
    border-bottom: 1px solid var(--pico-muted-border-color);
    overflow-wrap: anywhere;
  }
}

.drawing .buttons {
  align-items: center;
}
`)
