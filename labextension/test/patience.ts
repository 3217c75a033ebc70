import { configure } from '@testing-library/dom';

// A machine with other work takes longer than the second that is usual; a wait ends as soon as it may.
configure({ asyncUtilTimeout: 30_000 });
