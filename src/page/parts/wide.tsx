/**
 * A place for what may be wider than the screen: it moves sideways by itself, and by the keyboard where it has to.
 * It is no stop for the keyboard while all of it can be seen.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../words/language.ts';

export function Wide({ children }: { children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    const observer = new ResizeObserver(() => setScrolls(current.scrollWidth > current.clientWidth));
    for (const each of [current, ...current.children]) observer.observe(each);
    return () => observer.disconnect();
  }, []);
  const reached = scrolls ? ({ tabIndex: 0, role: 'region', 'aria-label': t('wide.label') } as const) : {};
  return (
    <div class="wide" ref={box} {...reached}>
      {children}
    </div>
  );
}
