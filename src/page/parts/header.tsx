/**
 * The top of every view: the sections, whether what is shown is live, and the reader's choices.
 * It never hides that what is shown is old.
 */
import { Link, useLocation } from 'wouter-preact';
import { actor, mayAdminister } from '../actor.ts';
import { addressOf, signInAddress } from '../api.ts';
import { connection, heardAtMs, pause, resume } from '../live.ts';
import { agoText, clockText } from '../now.ts';
import { snapshot } from '../store.ts';
import { chooseTheme, theme, THEMES, type Theme } from '../theme.ts';
import { chooseLanguage, language, LANGUAGES, t, type Language } from '../words/language.ts';
import type { WordKey } from '../words/en.ts';
import { ownPasswordIsOpen } from './ownPassword.tsx';

const SECTIONS: readonly (readonly [string, WordKey])[] = [
  ['/', 'nav.overview'],
  ['/workers', 'nav.workers'],
  ['/jobs', 'nav.jobs'],
  ['/push', 'nav.push'],
  ['/grants', 'nav.grants'],
  ['/leftovers', 'nav.leftovers'],
  ['/containers', 'nav.containers'],
  ['/timeline', 'nav.timeline'],
  ['/history', 'nav.history'],
  ['/zombies', 'nav.zombies'],
];

export function Header() {
  const host = snapshot.value?.host;
  return (
    <header class="top">
      <div class="brand">
        <strong>{host === undefined ? t('app.name') : t('app.on', { host })}</strong>
        <LiveMark />
      </div>
      <nav aria-label={t('nav.label')}>
        {SECTIONS.map(([path, key]) => (
          <Section key={path} path={path} title={t(key)} />
        ))}
        {mayAdminister.value ? <Section path="/users" title={t('nav.users')} /> : null}
      </nav>
      <Choices />
    </header>
  );
}

function Section({ path, title }: { path: string; title: string }) {
  const [location] = useLocation();
  const isHere =
    path === '/'
      ? location === '/'
      : location === path || location.startsWith(path === '/push' ? '/pushes' : `${path}/`);
  return (
    <Link href={path} class={isHere ? 'here' : ''} aria-current={isHere ? 'page' : undefined}>
      {title}
    </Link>
  );
}

/** Read aloud when it changes its kind, not each second. */
function LiveMark() {
  const at = connection.value;
  const isPaused = at.state === 'paused';
  return (
    <span class="live">
      <span class={`mark mark-${at.state}`} role="status">
        {liveText()}
      </span>
      {at.state === 'signedOut' ? (
        <a class="button" href={signInAddress()}>
          {t('live.signIn')}
        </a>
      ) : (
        <button type="button" onClick={isPaused ? resume : pause}>
          {isPaused ? t('live.resume') : t('live.pause')}
        </button>
      )}
    </span>
  );
}

function liveText(): string {
  const at = connection.value;
  const ago = heardAtMs.value === null ? '' : agoText(heardAtMs.value);
  switch (at.state) {
    case 'connecting':
      return t('live.connecting');
    case 'live':
      return t('live.live', { ago });
    case 'polling':
      return t('live.polling', { ago });
    case 'stale':
      return t('live.stale', { time: clockText(at.sinceMs) });
    case 'paused':
      return t('live.paused', { time: clockText(at.sinceMs) });
    case 'signedOut':
      return t('live.signedOut');
  }
}

function Choices() {
  const formToken = actor.value?.formToken ?? null;
  return (
    <div class="choices">
      <label>
        <span class="visually-hidden">{t('theme.label')}</span>
        <select value={theme.value} onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}>
          {THEMES.map((each) => (
            <option key={each} value={each}>
              {t(`theme.${each}`)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="visually-hidden">{t('language.label')}</span>
        <select
          value={language.value}
          onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}
        >
          {Object.entries(LANGUAGES).map(([code, name]) => (
            <option key={code} value={code} lang={code}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <PasswordButton />
      {formToken === null ? null : (
        <form method="post" action={addressOf('logout')}>
          <input type="hidden" name="form" value={formToken} />
          <button>{t('app.signOut')}</button>
        </form>
      )}
    </div>
  );
}

/** Only who signed in by name has one. */
function PasswordButton() {
  if (actor.value?.name.startsWith('user:') !== true) return null;
  return (
    <button type="button" onClick={() => (ownPasswordIsOpen.value = true)}>
      {t('own.button')}
    </button>
  );
}
