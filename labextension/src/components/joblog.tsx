import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useRef, useState } from 'react';

import type { IJob } from '../api/types';
import type { IJobLog } from '../tokens';
import { jobTitle } from './jobtext';

/** Opens and closes the log of a job, which stands elsewhere. */
export function LogLink(props: {
  job: IJob;
  open: boolean;
  onToggle: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { job, open, onToggle, trans } = props;
  return (
    <button
      type="button"
      className="jp-Environments-link"
      aria-expanded={open}
      aria-label={trans.__('Log of %1', jobTitle(job))}
      onClick={onToggle}
    >
      {trans.__('Log')}
    </button>
  );
}

/** The log of a job from its first line, kept at its end while one reads there. */
export function JobLogView(props: {
  job: IJob;
  watchLog: (job: IJob) => IJobLog;
  trans: TranslationBundle;
}): JSX.Element {
  const { job, watchLog, trans } = props;
  const [lines, setLines] = useState<IJobLog['lines']>([]);
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  const open = useRef(() => watchLog(job));

  useEffect(() => {
    const log = open.current();
    const read = () => setLines(log.lines);
    log.changed.connect(read);
    read();
    return () => log.dispose();
  }, []);

  useEffect(() => {
    if (box.current && atEnd.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [lines]);

  return (
    <pre
      ref={box}
      className="jp-Environments-log"
      tabIndex={0}
      role="log"
      aria-label={trans.__('Log of %1', jobTitle(job))}
      onScroll={event => {
        const node = event.currentTarget;
        atEnd.current = node.scrollTop + node.clientHeight >= node.scrollHeight - 4;
      }}
    >
      {lines.map(line => (
        <div key={line.seq} data-stream={line.stream}>
          {line.text}
        </div>
      ))}
    </pre>
  );
}
