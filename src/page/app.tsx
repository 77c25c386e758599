/**
 * The page's frame: skip link, sections, whether it is live, and the view of the address.
 * It never reloads the page to show another view.
 */
import { useEffect } from 'preact/hooks';
import { Route, Router, Switch, useLocation } from 'wouter-preact';
import { startKeys } from './keys.ts';
import { Header } from './parts/header.tsx';
import { KeyHelp } from './parts/keyHelp.tsx';
import { Later } from './parts/later.tsx';
import { OwnPassword } from './parts/ownPassword.tsx';
import { ConfirmDialog } from './parts/confirmDialog.tsx';
import { OperationDialog } from './parts/operationDialog.tsx';
import { Time } from './parts/time.tsx';
import { viewTitle } from './parts/viewTitle.ts';
import { zoneText } from './now.ts';
import { snapshot } from './store.ts';
import { ContainerPage } from './views/container.tsx';
import { ContainersPage } from './views/containers.tsx';
import { Overview } from './views/overview.tsx';
import { TimelinePage } from './views/timeline.tsx';
import { GrantsPage } from './views/grants.tsx';
import { JobPage } from './views/job.tsx';
import { JobsPage } from './views/jobs.tsx';
import { LeftoversPage } from './views/leftovers.tsx';
import { PushForm } from './views/pushForm.tsx';
import { PushPage, PushesPage } from './views/pushes.tsx';
import { UsersPage } from './views/users.tsx';
import { WorkerPage } from './views/worker.tsx';
import { WorkersPage } from './views/workers.tsx';
import { ZombiesPage } from './views/zombies.tsx';
import { locale, t } from './words/language.ts';

/** The path the page was served under, without its last slash. */
function basePath(): string {
  return new URL(document.baseURI).pathname.replace(/\/$/, '');
}

export function App() {
  return (
    <Router base={basePath()}>
      <Frame />
    </Router>
  );
}

function Frame() {
  const [location, navigate] = useLocation();
  useEffect(() => startKeys(navigate), []);
  useEffect(() => {
    document.documentElement.lang = locale.value;
    const host = snapshot.value?.host;
    const whole = host === undefined ? t('app.name') : t('app.on', { host });
    document.title = viewTitle.value === null ? whole : `${viewTitle.value} · ${whole}`;
  }, [locale.value, snapshot.value?.host, viewTitle.value]);
  // The next thing read aloud is the new view, not the old place in the sections.
  useEffect(() => document.getElementById('content')?.focus({ preventScroll: true }), [location]);
  return (
    <>
      <a class="skip" href="#content">
        {t('app.skip')}
      </a>
      <Header />
      <main id="content" tabIndex={-1}>
        <View />
      </main>
      <Footer />
      <OperationDialog />
      <ConfirmDialog />
      <KeyHelp />
      <OwnPassword />
    </>
  );
}

const loadHistory = async () => (await import('./charts/historyPage.tsx')).HistoryPage;

/** Of the address. */
function View() {
  return (
    <Switch>
      <Route path="/" component={Overview} />
      <Route path="/workers" component={WorkersPage} />
      <Route path="/containers" component={ContainersPage} />
      <Route path="/containers/:name">
        {({ name }) => <ContainerPage name={decodeURIComponent(name)} />}
      </Route>
      <Route path="/timeline" component={TimelinePage} />
      <Route path="/history">
        <Later load={loadHistory} />
      </Route>
      <Route path="/zombies" component={ZombiesPage} />
      <Route path="/users" component={UsersPage} />
      <Route path="/workers/:name">{({ name }) => <WorkerPage name={decodeURIComponent(name)} />}</Route>
      <Route path="/jobs" component={JobsPage} />
      <Route path="/jobs/:id">{({ id }) => <JobPage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route path="/push" component={PushForm} />
      <Route path="/grants" component={GrantsPage} />
      <Route path="/leftovers/:survey?" component={LeftoversPage} />
      <Route path="/pushes" component={PushesPage} />
      <Route path="/pushes/:id">{({ id }) => <PushPage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route>
        <p>{t('nav.missing')}</p>
      </Route>
    </Switch>
  );
}

function Footer() {
  const status = snapshot.value;
  return (
    <footer class="quiet">
      {status === null ? null : (
        <>
          {t('app.version', { version: status.version, pid: status.pid })} <Time at={status.startedAt} />
          {' · '}
        </>
      )}
      {t('app.zone', { zone: zoneText() })} <a href="plain">{t('app.plain')}</a>
    </footer>
  );
}
