import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { isEmptyPlan } from '../../model/changes';
import type { IWayBack } from '../../model/environmentpage';
import type { ITermsActions } from '../../model/terms';
import { Confirmation } from '../confirmation';
import { Refusal } from '../terms';
import { PlanList, planSummary } from './planlist';

export interface IWayBackProps {
  way: IWayBack;
  /** Whether nothing can be changed now. */
  disabled?: boolean;
  terms: ITermsActions;
  onAct: () => void;
  onKeep: () => void;
  /** Asks once more what it would do. */
  onLookAgain: () => void;
  trans: TranslationBundle;
}

/** What going back to a revision would change, as the server plans it, asked before it is done. */
export function WayBackQuestion(props: IWayBackProps): JSX.Element {
  const { way, trans } = props;
  const { preview } = way;
  return (
    <Confirmation
      title={trans.__('Back to revision %1?', way.revision)}
      action={trans.__('Go back')}
      disabled={props.disabled || preview.state !== 'ready'}
      onAct={props.onAct}
      onKeep={props.onKeep}
      trans={trans}
    >
      <span role="status">{summaryOf(props)}</span>
      {preview.state === 'ready' && <PlanList plan={preview.plan} trans={trans} />}
      {preview.state === 'failed' && (
        <Refusal
          error={preview.error}
          terms={props.terms}
          onGoOn={props.onLookAgain}
          trans={trans}
        />
      )}
    </Confirmation>
  );
}

function summaryOf({ way, trans }: IWayBackProps): string {
  const { preview } = way;
  switch (preview.state) {
    case 'ready':
      return isEmptyPlan(preview.plan)
        ? trans.__('The packages are the same as they are now.')
        : planSummary(preview.plan, trans);
    case 'failed':
      return '';
    default:
      return trans.__('Working out what would change…');
  }
}
